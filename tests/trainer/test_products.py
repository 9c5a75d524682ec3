"""Products of rows: equal whichever library makes them, and known to autograd."""

from __future__ import annotations

import shutil

import pytest
import torch

from trainer import onednn, products

ROWS, INPUTS, OUTPUTS = 96, 120, 100  # large enough for the other library


@pytest.fixture(params=["torch", "onednn"], autouse=True)
def library(request, monkeypatch):
    if request.param == "onednn" and not onednn.THERE:
        pytest.skip("this build of PyTorch has no oneDNN")
    monkeypatch.setattr(products, "LIBRARY", request.param)
    assert ROWS * INPUTS * OUTPUTS >= products.SMALLEST


def numbers(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def close(found, wanted, dtype=torch.float32):
    precise = {torch.float32: 1e-5, torch.bfloat16: 2e-2}[dtype]
    torch.testing.assert_close(found.double(), wanted, rtol=0, atol=precise * float(wanted.abs().max()))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("bias", [(OUTPUTS,), (ROWS, OUTPUTS)])
def test_rows_and_weights_of_any_layout_give_the_product(dtype, bias):
    for x in (numbers(ROWS, INPUTS), numbers(ROWS, INPUTS + 9)[:, 9:], numbers(INPUTS, ROWS).T):
        for weight in (numbers(OUTPUTS, INPUTS, seed=1), numbers(OUTPUTS, INPUTS + 10, seed=1)[:, 10:]):
            b = numbers(*bias, seed=2)
            parts = [t.to(dtype) for t in (x, weight, b)]
            close(products.affine(*parts), x.double() @ weight.double().T + b.double(), dtype)


def test_a_gradient_is_added_even_to_a_slice_of_columns():
    delta, x, grad = numbers(ROWS, OUTPUTS), numbers(ROWS, INPUTS, seed=1), numbers(OUTPUTS, INPUTS + 10, seed=2)
    wanted = grad.double().clone()
    wanted[:, 10:] += delta.double().T @ x.double()
    products.accumulate(delta, x, grad[:, 10:])
    close(grad, wanted)


@pytest.mark.parametrize("bias", [(OUTPUTS,), (ROWS, OUTPUTS)])
@pytest.mark.parametrize("learning", [(True, True, True), (True, False, False), (False, True, False)])
def test_autograd_finds_the_derivatives_asked_for(bias, learning):
    parts = [numbers(ROWS, INPUTS), numbers(OUTPUTS, INPUTS + 10, seed=1)[:, 10:], numbers(*bias, seed=2)]
    slope = numbers(ROWS, OUTPUTS, seed=3)
    found = [part.clone().requires_grad_(learns) for part, learns in zip(parts, learning, strict=True)]
    plain = [part.double().requires_grad_(learns) for part, learns in zip(parts, learning, strict=True)]
    (products.affine(*found) * slope).sum().backward()
    ((plain[0] @ plain[1].T + plain[2]) * slope.double()).sum().backward()
    for got, wanted in zip(found, plain, strict=True):
        if wanted.grad is None:
            assert got.grad is None
        else:
            close(got.grad, wanted.grad)


def test_small_products_are_pytorchs_own():
    x, weight, bias = numbers(3, 4), numbers(5, 4), numbers(5)
    assert torch.equal(products.affine(x, weight, bias), torch.addmm(bias, x, weight.T))


GPP = pytest.mark.skipif(not shutil.which("g++"), reason="this machine has no C++ compiler")


@pytest.mark.parametrize("backend", ["aot_eager", pytest.param("inductor", marks=GPP)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_compiler_takes_products_with_their_derivatives(backend, dtype):
    torch._dynamo.reset()
    parts = [numbers(ROWS, INPUTS), numbers(OUTPUTS, INPUTS + 10, seed=1)[:, 10:], numbers(OUTPUTS, seed=2)]
    slope, found = numbers(ROWS, OUTPUTS, seed=3), []
    compiled = torch.compile(products.affine, fullgraph=True, dynamic=False, backend=backend)
    for affine in (compiled, products.affine):
        x, weight, bias = (part.to(dtype).requires_grad_() for part in parts)
        product = affine(x, weight, bias)
        (product * slope.to(dtype)).sum().backward()
        found.append([product.detach(), x.grad, weight.grad, bias.grad])
    torch._dynamo.reset()
    for got, wanted in zip(*found, strict=True):
        close(got, wanted.double(), dtype)


@pytest.mark.parametrize("backend", ["aot_eager", pytest.param("inductor", marks=GPP)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_compiler_adds_gradients_in_place(backend, dtype):
    torch._dynamo.reset()
    delta, x, grads = numbers(ROWS, OUTPUTS), numbers(ROWS, INPUTS, seed=1), numbers(2, OUTPUTS, INPUTS)
    grads[1] = grads[0]
    compiled = torch.compile(products.accumulate, fullgraph=True, dynamic=False, backend=backend)
    for accumulate, grad in zip((compiled, products.accumulate), grads, strict=True):
        accumulate(delta.to(dtype), x.to(dtype), grad)
    torch._dynamo.reset()
    close(grads[0], grads[1].double(), dtype)
    assert not torch.equal(grads[0], numbers(2, OUTPUTS, INPUTS)[0])

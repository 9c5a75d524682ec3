"""Mutants that change nothing that could be seen, each with the reason; at most five."""

from __future__ import annotations

SAME: dict[str, str] = {
    "axes/objective.py:CrossEntropy.slope: 1 becomes 2 in chances.new_full((len(row), 1), -1.0)": (
        "a wider source has columns that scatter_add never reads"
    ),
    "axes/class_rows.py:Projection.pull: h.ndim > 2: > becomes ≥": "autograd finds the same of units, and takes longer",
    "axes/competitors.py:WrongLabel.draw: 0 becomes 1 in span, first = (classes, 0) if self.allow_true e…": (
        "where the true label may come, every label has equal chances, shifted by one or not"
    ),
    "meters.py:ProcMemory._field: 8192 becomes 16384 in os.pread(self._status, 8192, 0)": (
        "the file is shorter than either"
    ),
    "axes/terms.py:Contrast.loss: 1 becomes 2 in (count > 0).sum().clamp(min=1)": (
        "images with mates come in twos, and without any the sum is 0"
    ),
}

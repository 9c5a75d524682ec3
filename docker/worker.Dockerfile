# A worker machine: one Celery worker for the CPU slots and one for each GPU that the container sees, and a janitor.
#   docker build -f docker/worker.Dockerfile -t ffweb-worker .                            CPU
#   docker build -f docker/worker.Dockerfile -t ffweb-worker --build-arg TORCH=cu130 .    CUDA
FROM python:3.11-slim-bookworm

# The name of an index of PyTorch builds: cpu, cu126, cu130, …
ARG TORCH=cpu

ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app

# Dependencies first: they change less often than the code.
COPY pyproject.toml README.md LICENSE ./
COPY ffweb/serve/install.py ffweb/serve/install.py
RUN mkdir trainer && touch ffweb/__init__.py trainer/__init__.py \
    && TORCH_INDEX=https://download.pytorch.org/whl/${TORCH} python ffweb/serve/install.py train

COPY manage.py ./
COPY ffweb ffweb
COPY trainer trainer

RUN useradd --system --uid 10001 --create-home ffweb && install -d -m 700 -o ffweb -g ffweb /data
USER ffweb

# /data is the folder that the web uses too. The two NVIDIA variables matter only under NVIDIA's container runtime.
ENV FFWEB_HOME=/data FFWEB_CPU_SLOTS=1 FFWEB_GPUS=all NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
VOLUME /data
HEALTHCHECK --interval=10s --timeout=10s --start-period=60s CMD ["python", "-m", "ffweb.serve.health", "worker"]
STOPSIGNAL SIGTERM
CMD ["python", "manage.py", "work"]

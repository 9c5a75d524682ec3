# The web: HTTP, websockets, migrations, janitor. No torch. Build from the repository's root:
#   docker build -f docker/web.Dockerfile -t ffweb-web .
FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app

# Dependencies first: they change less often than the code.
COPY pyproject.toml README.md LICENSE ./
RUN mkdir ffweb trainer && touch ffweb/__init__.py trainer/__init__.py && pip install --editable .

COPY manage.py ./
COPY ffweb ffweb
COPY trainer trainer
COPY templates templates
COPY static static

RUN useradd --system --uid 10001 --create-home ffweb && install -d -m 700 -o ffweb -g ffweb /data
USER ffweb

# Workers are other containers; Redis and the database are named by REDIS_URL and DATABASE_URL.
ENV FFWEB_HOME=/data FFWEB_HOST=0.0.0.0 FFWEB_PORT=8000 FFWEB_CPU_SLOTS=0 FFWEB_GPUS=none
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["python", "-m", "ffweb.serve.health", "web"]
STOPSIGNAL SIGTERM
CMD ["python", "manage.py", "serve"]

# Atlas Live as an image: one for all processes, told by the command which of them it is. No command: the API.
#     docker build -t atlas-live:0.1.0 .
# It has what requirements.lock pins. The Tennessee Eastman plant is left out: no licence lets us hand on its model.

FROM python:3.11.14-slim-trixie AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
# The packages come before the source, so that a change of ours installs none of them again.
COPY requirements.lock ./
RUN python -m venv /opt/atlas \
    && /opt/atlas/bin/pip install --require-hashes --only-binary :all: -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY analytics analytics
COPY twin twin
COPY stream stream
COPY connectors connectors
COPY api api
COPY dashboards dashboards
RUN /opt/atlas/bin/pip install --no-deps --no-build-isolation . \
    && /opt/atlas/bin/pip uninstall --yes uv hatchling editables

FROM python:3.11.14-slim-trixie
RUN groupadd --gid 10001 atlas \
    && useradd --uid 10001 --gid atlas --home-dir /data --no-create-home --shell /usr/sbin/nologin atlas \
    && install --directory --owner=atlas --group=atlas --mode=0700 /data
COPY --from=build /opt/atlas /opt/atlas
COPY LICENSE /opt/atlas/LICENSE
ENV PATH=/opt/atlas/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    ATLAS_DATA_DIR=/data \
    HEALTH_URL=http://127.0.0.1:8000/health/ready
USER 10001:10001
WORKDIR /data
EXPOSE 8000 8501
# Each process answers on its own address; without the handler a proxy of the engine's settings would be asked.
HEALTHCHECK --interval=15s --timeout=5s --start-period=90s --start-interval=2s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.build_opener(r.ProxyHandler({})).open(os.environ['HEALTH_URL'], timeout=4)"]
ENTRYPOINT ["atlas"]
CMD ["serve"]

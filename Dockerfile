# docker build -t threadkeeper .
# docker run -p 8010:8010 -v threadkeeper:/data -e 'API_KEYS=["default:a-long-random-text"]' threadkeeper

FROM python:3.13-slim AS build
# With the embedding model of EMBEDDING_MODEL=builtin: docker build --build-arg EMBEDDINGS=builtin
ARG EMBEDDINGS
COPY requirements.txt requirements-embeddings.txt ./
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --disable-pip-version-check -r requirements.txt \
        ${EMBEDDINGS:+-r requirements-embeddings.txt}

# What code of the code interpreter may import, apart from the server's packages. The list of fonts is
# made here: it takes matplotlib a second.
FROM python:3.13-slim AS interpreter
COPY requirements-interpreter.txt .
RUN python -m venv /interpreter \
    && /interpreter/bin/pip install --no-cache-dir --disable-pip-version-check \
        -r requirements-interpreter.txt \
    && MPLCONFIGDIR=/interpreter/share/matplotlib \
        /interpreter/bin/python -c "import matplotlib.font_manager"

FROM python:3.13-slim AS assets
# Another registry than npm's: docker build --build-arg NPM_CONFIG_REGISTRY=https://…
ARG NPM_CONFIG_REGISTRY
COPY assets.lock.json .
COPY scripts scripts
RUN python scripts/fetch_assets.py

FROM python:3.13-slim
# The user may write the data and nothing else.
RUN useradd --system --uid 10001 --no-create-home threadkeeper \
    && install --directory --owner=threadkeeper /data
COPY --from=build /venv /venv
COPY --from=interpreter /interpreter /interpreter
WORKDIR /srv/threadkeeper
COPY main.py README.md README.ko.md ./
COPY app app
COPY --from=assets /app/static/vendor app/static/vendor
COPY functions functions
# providers.yaml need not exist.
COPY assistants.yaml providers.yam[l] ./
COPY knowledge knowledge
# Compiled here, since the user can't write beside the sources.
RUN /venv/bin/python -m compileall -q main.py app functions

ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    CODE_INTERPRETER_PYTHON=/interpreter/bin/python \
    HOST=0.0.0.0 \
    PORT=8010 \
    LOG_FILE="" \
    DATABASE_URL=sqlite:////data/threadkeeper.db \
    FILES_URL=/data/files
USER threadkeeper
VOLUME /data
EXPOSE 8010

# A proxy meant for the model API has no part in asking oneself.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.build_opener(r.ProxyHandler({})).open('http://127.0.0.1:' + os.environ['PORT'] + '/api/v1/health', timeout=4)"]

CMD ["python", "main.py"]

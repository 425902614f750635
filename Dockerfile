FROM python:3.13-slim

RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin overgang
WORKDIR /app

COPY requirements-prod.lock ./
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes --requirement requirements-prod.lock

COPY pyproject.toml requirements-prod.lock ./
COPY workflow ./workflow
COPY web ./web
COPY tasks ./tasks
COPY migrations ./migrations
COPY ops ./ops
RUN pip install --no-cache-dir --disable-pip-version-check --no-index --no-deps --no-build-isolation --editable . \
    && python -m compileall -q workflow web tasks migrations ops

USER overgang
EXPOSE 8080
CMD ["overgang", "--help"]

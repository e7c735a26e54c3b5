# One image for web, workers, beat and migrations; docker-compose.yml says which is which.
#
# The tag is exact, but a tag can be moved. Where that matters, add the digest that your registry
# shows (python:…@sha256:…); it cannot be known from here, so none is written.
ARG PYTHON=python:3.13.15-slim-trixie
ARG POSTGRES=postgres:18.6-trixie

FROM ${PYTHON} AS build
# Behind a mirror: docker compose build --build-arg PIP_INDEX_URL=…
ARG PIP_INDEX_URL
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /opt/tagout
COPY requirements-production.lock ./
RUN python -m venv --without-pip /opt/venv \
    && pip --python /opt/venv/bin/python install --require-hashes --only-binary :all: \
        -r requirements-production.lock
COPY manage.py LICENSE NOTICE ./
COPY portal portal
COPY alerts alerts
COPY training training
COPY templates templates
COPY static static
COPY locale locale
# Words and static files with their hashed names belong to the image. The key is for this line
# alone: without one, a key would be made and kept.
RUN export SECRET_KEY=only-while-the-image-is-built \
    && /opt/venv/bin/python -m portal.compile_messages \
    && /opt/venv/bin/python manage.py collectstatic --no-input --verbosity 0 \
    && /opt/venv/bin/python -m compileall -q portal alerts training
# A clone made under umask 077 has files that only its owner can read; here all may, and none write.
RUN chmod -R u=rwX,go=rX /opt/tagout

# pg_dump and pg_restore of the server's version, with the libraries that they need.
FROM ${POSTGRES} AS postgres
RUN mkdir -p /client/bin /client/lib \
    && for tool in pg_dump pg_restore; do \
        found="$(find / -xdev -type f -path "*/bin/$tool" | head -n 1)" \
        && cp "$found" /client/bin/ \
        && ldd "$found" | awk '$3 ~ /^\// {print $3}' \
            | grep -vE '/(ld-linux[^/]*|lib(c|m|dl|rt|pthread|resolv))\.so' \
            | xargs cp -L -t /client/lib \
        && printf '#!/bin/sh\nLD_LIBRARY_PATH=/opt/postgresql/lib exec /opt/postgresql/bin/%s "$@"\n' \
            "$tool" > "/client/$tool" \
        && chmod 755 "/client/$tool" "/client/bin/$tool" || exit 1; \
    done \
    && chmod -R u=rwX,go=rX /client

FROM ${PYTHON} AS run
RUN pip uninstall --yes --root-user-action ignore pip \
    && groupadd --gid 10001 tagout \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent \
        --shell /usr/sbin/nologin tagout
ENV PATH=/opt/venv/bin:/opt/postgresql:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# Owned by root: who breaks into Tagout cannot change it.
COPY --from=build /opt/venv /opt/venv
COPY --from=build /opt/tagout /opt/tagout
COPY --from=postgres /client /opt/postgresql
RUN pg_dump --version && pg_restore --version
WORKDIR /opt/tagout
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-m", "portal.runtime.probe", "http://127.0.0.1:8000/healthz"]
# Requests have 25 s to end when the container is stopped, 5 s less than Docker gives them.
CMD ["gunicorn", "portal.wsgi:application", "--preload", "--bind", "0.0.0.0:8000", \
    "--worker-class", "portal.runtime.web_worker.BufferingWorker", "--workers", "2", \
    "--threads", "4", "--worker-tmp-dir", "/dev/shm", "--graceful-timeout", "25", \
    "--access-logfile", "-", "--logger-class", "portal.runtime.web_log.WebLogger", "--no-control-socket"]

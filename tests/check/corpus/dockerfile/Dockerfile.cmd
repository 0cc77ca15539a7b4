FROM harbour
RUN dnf -y install python3-flask
USER nobody
CMD flask run --host 0.0.0.0
HEALTHCHECK CMD curl -f http://localhost/ || exit 1

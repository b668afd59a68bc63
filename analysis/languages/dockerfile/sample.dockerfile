# expect: constant VERSION 8-8
# expect: rule build 9-12
# expect: rule test 14-15
# expect: rule python:3.12-slim 17-20
# expect: constant python:3.12-slim.MODE 19-19

# How it is built.
ARG VERSION=1
FROM python:3.12 AS build
WORKDIR /src
RUN pip install build && \
    python -m build

FROM build AS test
RUN pytest

FROM python:3.12-slim
COPY --from=build /src/dist /dist
ENV MODE=fast
CMD ["python", "-m", "shapes"]

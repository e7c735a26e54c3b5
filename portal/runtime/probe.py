"""Ask a page of this machine, or a file that a worker touches, whether all is well: `python -m
portal.runtime.probe http://127.0.0.1:8000/readyz?pages`, `python -m portal.runtime.probe
/tmp/alive`.

For the health checks of containers: the image has no curl, and a proxy named in the environment
must not be asked. Ends with 1 and one sentence where the answer is not 200, or the file is old.
"""

import http.client
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

from portal.runtime import env

PATIENCE = 4.0  # seconds; less than the health check's own limit, so that the sentence is seen
MAX_AGE = 120.0  # seconds; a worker touches its file every ten, and a task may take 70


def trouble_of(place: str) -> str:
    """What is wrong with a page or a file, or nothing."""
    return trouble_at(place) if "://" in place else trouble_of_worker(Path(place))


def trouble_of_worker(file: Path) -> str:
    """What is wrong with the worker that touches this file, or nothing."""
    try:
        age = time.time() - file.stat().st_mtime
    except OSError:
        return f"The worker has done no work yet: there is no {file}."
    return f"The worker has done no work for {int(age)} s." if age > MAX_AGE else ""


def trouble_at(url: str) -> str:
    """What is wrong there, or nothing. The page is asked by a name that it is allowed to serve."""
    parts = urlsplit(url)
    page = f"{parts.path}?{parts.query}" if parts.query else parts.path
    names = [name for name in env.words("ALLOWED_HOSTS", "localhost") if name != "*"]
    host = names[0].removeprefix(".") if names else "localhost"
    link = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE)
    try:
        link.request("GET", page, headers={"Host": host})
        status = link.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"{url} does not answer: {error or type(error).__name__}."
    finally:
        link.close()
    return "" if status == http.client.OK else f"{url} answered {status}."


if __name__ == "__main__":
    sys.exit(trouble_of(sys.argv[1]) or 0)

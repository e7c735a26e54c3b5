"""Ask a page of this machine whether all is well: `python -m portal.probe http://127.0.0.1:8000/readyz`.

For the health checks of containers: the image has no curl, and a proxy named in the environment
must not be asked. Ends with 1 and one sentence where the answer is not 200.
"""

import http.client
import sys
from urllib.parse import urlsplit

from portal import env

PATIENCE = 4.0  # seconds; less than the health check's own limit, so that the sentence is seen


def trouble_at(url: str) -> str:
    """What is wrong there, or nothing. The page is asked by a name that it is allowed to serve."""
    parts = urlsplit(url)
    names = [name for name in env.words("ALLOWED_HOSTS", "localhost") if name != "*"]
    host = names[0].removeprefix(".") if names else "localhost"
    link = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE)
    try:
        link.request("GET", parts.path, headers={"Host": host})
        status = link.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"{url} does not answer: {error or type(error).__name__}."
    finally:
        link.close()
    return "" if status == http.client.OK else f"{url} answered {status}."


if __name__ == "__main__":
    sys.exit(trouble_at(sys.argv[1]) or 0)

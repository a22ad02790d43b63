"""A logged-in browser, as far as sockets see it: a cookie and an origin."""

import httpx2

from tests.server import Server


class Browser:
    def __init__(self, server: Server, username: str = "admin") -> None:
        self.server = server
        self.http = httpx2.Client(base_url=server.url, follow_redirects=True, trust_env=False, timeout=30)
        assert self.http.get(server.manage("loginlink", username).strip()).is_success

    @property
    def headers(self) -> dict[str, str]:
        """What it sends when a page opens a socket, but for the origin."""
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in self.http.cookies.items())}

    def log_out(self) -> None:
        [token] = [value for name, value in self.http.cookies.items() if "csrf" in name]
        self.http.post("/logout", data={"csrfmiddlewaretoken": token}, headers={"Origin": self.server.url})
        assert self.http.get("/api/projects").status_code == 401

"""photowave over HTTP: a page that plays photos, a walk through them, and a gallery to share."""

from photowave.extras import require

require("web", "photowave.web")

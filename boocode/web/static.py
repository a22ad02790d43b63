"""Stores static files under names with their content's hash, ES module imports included, and compressed copies."""

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage

_SUFFIX, _IMPORTS = ManifestStaticFilesStorage._js_module_import_aggregation_patterns  # type: ignore[attr-defined]


class ModuleStorage(CompressedManifestStaticFilesStorage):
    """Rewrites the imports of ES modules to the hashed names."""

    support_js_module_import_aggregation = True
    # Django takes the types in comments, `{import('./reducer.js').State}`, for imports and finds circles in them:
    # the last of its patterns, the dynamic import, counts only after `await` and `=>`.
    _js_module_import_aggregation_patterns = (
        _SUFFIX,
        (
            *_IMPORTS[:-1],
            (
                r"""(?P<matched>(?P<before>await|=>) import\(["'](?P<url>.*?)["']\))""",
                """%(before)s import("%(url)s")""",
            ),
        ),
    )
    max_post_process_passes = 20

"""Static files under names that hold their content's hash, ES module imports included, and compressed beside them."""

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage

_SUFFIX, _IMPORTS = ManifestStaticFilesStorage._js_module_import_aggregation_patterns  # type: ignore[attr-defined]


class ModuleStorage(CompressedManifestStaticFilesStorage):
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

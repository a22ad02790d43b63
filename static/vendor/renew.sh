#!/bin/sh
# Fetch the browser libraries named in versions.txt with npm and keep the few files that the pages load.
# Usage: static/vendor/renew.sh   (edit versions.txt first, then look at the diff and run the browser tests)
set -eu

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

languages="bash c cpp css diff dockerfile go ini java javascript json makefile markdown php python ruby rust sql typescript xml yaml"

unpack() { # name: prints the folder that holds the package
    version=$(awk -v name="$1" '$1 == name { print $2 }' "$here/versions.txt")
    archive=$(cd "$work" && npm pack --silent "$1@$version" 2>/dev/null)
    mkdir -p "$work/$1"
    tar -xzf "$work/$archive" -C "$work/$1" --strip-components 1
    echo "$work/$1"
}

keep() { # file, target: the source map comment goes, for the map is not shipped and the manifest storage looks for it
    mkdir -p "$(dirname "$here/$2")"
    { echo '// @ts-nocheck'; sed -e '/^\/\/# sourceMappingURL=/d' "$1"; } >"$here/$2" # not ours to check
}

rm -rf "$here/marked" "$here/dompurify" "$here/highlight" "$here/anser" "$here/uplot" "$here/katex"

from=$(unpack marked)
keep "$from/lib/marked.esm.js" marked/marked.esm.js
cp "$from/LICENSE.md" "$here/marked/LICENSE.md" 2>/dev/null || cp "$from/LICENSE" "$here/marked/LICENSE"

from=$(unpack dompurify)
keep "$from/dist/purify.min.js" dompurify/purify.min.js
cp "$from/LICENSE" "$here/dompurify/LICENSE"

from=$(unpack @highlightjs/cdn-assets)
keep "$from/es/core.min.js" highlight/core.min.js
cp "$from/LICENSE" "$here/highlight/LICENSE"
for language in $languages; do
    keep "$from/es/languages/$language.min.js" "highlight/languages/$language.min.js"
done

from=$(unpack anser)
mkdir -p "$here/anser"
{ # a CommonJS module becomes an ES module by what stands around it
    echo '// @ts-nocheck'
    echo 'const module = { exports: {} };'
    cat "$from/lib/index.js"
    echo 'export default module.exports;'
} >"$here/anser/anser.js"
cp "$from/LICENSE" "$here/anser/LICENSE"

from=$(unpack katex)
mkdir -p "$here/katex"
{ # a UMD module becomes an ES module by what stands around it
    echo '// @ts-nocheck'
    echo 'const module = { exports: {} };'
    echo 'const exports = module.exports;'
    cat "$from/dist/katex.min.js"
    echo
    echo 'export default module.exports;'
} >"$here/katex/katex.js"
cp "$from/LICENSE" "$here/katex/LICENSE"

from=$(unpack uplot)
keep "$from/dist/uPlot.esm.js" uplot/uPlot.esm.js
cp "$from/dist/uPlot.min.css" "$here/uplot/uPlot.min.css"
cp "$from/LICENSE" "$here/uplot/LICENSE"

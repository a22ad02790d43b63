"""The turns' fixtures, for turns that break and mend what a check looks at."""

from tests.turns.conftest import talk as talk

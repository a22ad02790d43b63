"""What `scripted:demo` says, in Markdown."""

CONFIGURE = """\
To work with a real model, start BooCode with one of these and choose the model in the list below the message field:

```sh
ANTHROPIC_API_KEY=… make run
OPENAI_API_KEY=… make run
OPENAI_BASE_URL=https://… OPENAI_API_KEY=… make run   # any server that speaks OpenAI's protocol
```

Ollama, llama.cpp, LM Studio and vLLM on this machine need no key: while one of them runs, its models are in the list.
"""

WORDS = """\
I am a script, not a model, so I do not understand what you write. I only know a few words:

- **again**: look at the project and repair it once more
- **tests**: run its tests
- **files**: list what is in the folder
- **why**: explain the bug of the sample
- **model**: how to set up a real one
"""

HELLO = """\
**This is a script, not a model.** It plays one fixed job so that you can see BooCode work; what it runs and changes \
is real. (To set up a real model, write `model`.)

First a look at what is in this folder.
"""

AGAIN = "From the top: what is in this folder now?\n"

READING = """\
This is the sample, a small tea shop. I read the code and its tests, and search for where the discount is used.
"""

FIRST_RUN = "Now the tests, to see what really happens rather than what I expect.\n"

SECOND_RUN = "The change is made. Whether it is right, the tests say:\n"

FIXED = """\
All tests pass now. What was wrong and what I changed:

The README promises 5 % off **from 10 packets on**, but `discount_percent` compared with `>`, so the discount began at \
11. Whoever ordered exactly 10 or exactly 50 packets paid too much. It is one character in `pricing.py`:

```diff
     for packets, percent in DISCOUNTS:
-        if quantity > packets:
+        if quantity >= packets:
             return percent
```

I found it because every failing test sits exactly on a limit, while those above and below it passed.

That was the whole script. Each line above opens to show what the tool was asked and what it answered. Write `again`, \
`tests`, `files`, `why` or `model` to go on.
"""

WHY = """\
The sample gives a discount *from* 10 and *from* 50 packets on, which is `>=`. The code said `>`:

| packets | should be | `quantity > packets` gave |
|---|---|---|
| 9 | 0 % | 0 % |
| 10 | 5 % | **0 %** |
| 50 | 15 % | **5 %** |
| 51 | 15 % | 15 % |

Such a mistake hides well: it is wrong for two quantities only, and those are the ones that people like to order.
"""

OTHER_FOLDER = "This is not the sample project, so I change nothing here. I read a little, to show how that looks.\n"

RUNNING = "I run the tests.\n"

LISTING = "This is what is here now:\n"

LISTED = "The list is above; open it to see all of it. I know a few more words: `again`, `tests`, `why`, `model`.\n"


def found(passed: bool | None) -> str:
    """After the first run of the tests, with the bug in sight."""
    what = {
        False: "The tests fail exactly at 10 and at 50 packets",
        True: "The tests pass, and yet the code is wrong at exactly 10 and 50 packets",
        None: "The tests did not run, as the answer above says, but the code shows it",
    }[passed]
    return f"""\
{what}: "from 10 packets on" has to be `>=`, and `discount_percent` says `>`. I change that one line:
"""


def nothing_to_fix(passed: bool | None) -> str:
    state = {
        True: "and the tests pass",
        False: "but the tests fail, for another reason",
        None: "though the tests did not run",
    }[passed]
    return f"""\
The bug that this script can repair is not in `pricing.py`: it already compares with `>=`, {state}. I leave everything \
as it is.

More than this one bug a script cannot do. {CONFIGURE}"""


UNREADABLE = f"""\
I could not read `pricing.py` as I know it; the answers above say why. I change nothing that I have not read.

{CONFIGURE}"""


def not_fixed(passed: bool | None) -> str:
    what = "The tests still fail" if passed is False else "The tests did not run"
    return f"""\
{what}; the answer is above. Perhaps the change was not allowed, or the project differs from the sample. A script \
cannot find out why: a model could.

{CONFIGURE}"""


def looked_around(paths: list[str]) -> str:
    what = f"I have read {' and '.join(f'`{path}`' for path in paths)}" if paths else "I found no text file to read"
    return f"""\
{what} and changed nothing. I am a script: I can repair the sample project, which the start page offers to create, but \
I cannot work on yours.

{CONFIGURE}"""


def tested(passed: bool | None) -> str:
    return {
        True: "All tests pass.\n",
        False: "Some tests fail, as the output above says. In the sample I can repair that: write `again`.\n",
        None: "The tests did not run; the answer above says why.\n",
    }[passed]

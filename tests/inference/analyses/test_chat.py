"""A text as a chat message: the model gets what the template of its checkpoint makes of it, and no template hangs."""

from __future__ import annotations

import itertools
import json
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from inference.analyses.generation import _prompt, generation
from inference.checkpoints.inspection import inspect
from inference.context import Context, Refused
from inference.files import template_sandbox
from inference.files.chat_template import as_message, has_thinking_switch, read_chat_template, why_no_system
from inference.forward.opening import load
from inference.results.generation import GenerationRequest
from tests.inference.chat_templates import CHATML, FORGETFUL, GEMMA, GRANITE, QWEN3, TEMPLATES
from tests.inference.tiny_checkpoints import save_gpt2
from tests.inputs import text_input

TEMPLATE = (
    "{% for message in messages %}[{{ message['role'] }}] {{ message['content'] }}{{ eos_token }}{% endfor %}"
    "{% if add_generation_prompt %}[assistant]{% endif %}"
)
MADE = "[user] hello<|endoftext|>[assistant]"


def with_template(folder, template):
    save_gpt2(folder)
    path = folder / "tokenizer_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"chat_template": template}))
    return str(folder)


@pytest.fixture(scope="module")
def chatty(tmp_path_factory):
    return load(with_template(tmp_path_factory.mktemp("chatty"), TEMPLATE), Context())


def test_the_model_gets_all_that_the_template_makes(chatty):
    request = GenerationRequest("", text_input("hello"), most=3, task="message")
    result = generation(request, chatty, Context())
    own = chatty.tokenizer.apply_chat_template(
        [{"role": "user", "content": "hello"}], chat_template=TEMPLATE, add_generation_prompt=True, return_dict=False
    )
    assert result.prompt == MADE
    assert result.written.tokens.ids[: result.written.n_given].tolist() == own
    assert result.n_written == 3
    plain = generation(GenerationRequest("", text_input("hello"), most=3), chatty, Context())
    assert (plain.prompt, plain.written.n_given) == ("", len("hello"))


@pytest.mark.parametrize(
    ("task", "made"),
    [("to-fr", "hello <to-fr>"), ("summary", "hello\nTL;DR:"), ("question", "Q: hello\nA:")],
)
def test_a_task_is_a_text_that_is_gone_on_with(chatty, task, made):
    result = generation(GenerationRequest("", text_input(" hello "), most=3, task=task), chatty, Context())
    assert result.prompt == made
    written = result.written
    assert written.tokens.ids[: written.n_given].tolist() == chatty.tokenizer(made)["input_ids"]
    assert result.n_written == 3
    sign = "<to-fr> is no token of chatty0, which may never have met such a text."
    assert (sign in result.notes) == (task == "to-fr")


def test_a_task_is_put_around_words_only(chatty):
    with pytest.raises(Refused, match="not around token ids"):
        generation(GenerationRequest("", text_input(token_ids=(5, 6)), task="question"), chatty, Context())


def test_a_checkpoint_says_whether_it_has_one(tmp_path):
    (tmp_path / "plain").mkdir()
    assert not inspect(str(save_gpt2(tmp_path / "plain"))).has_chat_template
    assert inspect(with_template(tmp_path / "chatty", TEMPLATE)).has_chat_template
    assert not inspect(with_template(tmp_path / "empty", "")).has_chat_template


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ([{"name": "tool_use", "template": "x"}, {"name": "default", "template": "y"}], "y"),
        ([{"name": "tool_use", "template": "x"}], ""),
        ({"default": "x"}, ""),
        (3, ""),
        ("x" * (2**20 + 1), ""),
    ],
)
def test_of_several_the_usual_one_is_taken_and_what_is_none_is_none(tmp_path, said, found):
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"chat_template": said}))
    assert read_chat_template(tmp_path) == found


def test_a_file_of_its_own_comes_first_and_none_that_is_a_link_elsewhere(tmp_path):
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"chat_template": "x"}))
    (tmp_path / "chat_template.jinja").write_text("y")
    assert read_chat_template(tmp_path) == "y"
    (tmp_path / "chat_template.jinja").unlink()
    (tmp_path / "chat_template.jinja").symlink_to("/etc/hostname")
    assert read_chat_template(tmp_path) == ""


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("{% for", "The chat template cannot be used: "),
        ("{{ raise_exception('Only with a system prompt') }}", "cannot be used: Only with a system prompt."),
        ("{{ messages[7]['content'] }}", "The chat template cannot be used: "),
        ("{{ documents[0].text.nothing }}", "The chat template cannot be used: "),
        ("{{ messages.append(1) }}", "The chat template cannot be used: "),
        ("{{ ''.__class__.__mro__[1].__subclasses__() }}", "The chat template cannot be used: "),
        ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "The chat template cannot be used: "),
        ("{% if false %}x{% endif %}", "The chat template makes nothing of a message."),
        ("{% for i in range(9999) %}{{ 'x' * 200 }}{% endfor %}", "letters of a message; 1,048,576 are read."),
    ],
)
def test_a_template_that_cannot_be_used_is_one_sentence(chatty, template, why):
    with pytest.raises(Refused) as refused:
        as_message("hello", template, chatty.tokenizer)
    assert why in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_template_that_goes_on_and_on_is_stopped(chatty, monkeypatch):
    monkeypatch.setattr(template_sandbox, "_MOST_SECONDS", 0.2)
    endless = "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}x"
    with pytest.raises(Refused, match=r"was not done in 0\.2 seconds"):
        as_message("hello", endless, chatty.tokenizer)
    assert as_message("hello", TEMPLATE, chatty.tokenizer) == MADE


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("{{ 'a' * 10**9 }}", "a number, a text or a list that is too large"),
        ("{{ messages * 10**9 }}", "a number, a text or a list that is too large"),
        ("{{ 10**99999 }}", "a number, a text or a list that is too large"),
        ("{{ '%0999999999d' % 1 }}", "a number, a text or a list that is too large"),
        ("{{ '%0*d' % (10**9, 1) }}", "a number, a text or a list that is too large"),
        ("{{ 1|round(-20000000) }}", "a number, a text or a list that is too large"),
        ("{{ 1|round(20000000, 'floor') }}", "a number, a text or a list that is too large"),
        ("{{ (0).from_bytes(('a' * 300000).encode(), 'big') // 3 }}", "a number, a text or a list that is too large"),
        ("{{ ('f' * 500000)|int(base=16) is divisibleby(3) }}", "a number, a text or a list that is too large"),
        (f"{{{{ 0x{'f' * 1100} // 3 + 0x{'f' * 1100} % 3 }}}}", "a number, a text or a list that is too large"),
        ("{{ ('a' * 300000).rfind('ab' + 'a' * 100000) }}", "looks for a text that is too long"),
        ("{{ ('a' * 300000)|trim('b' * 100000 + 'a') }}", "looks for a text that is too long"),
        ("{{ 'a'.ljust(10**9) }}", "a number, a text or a list that is too large"),
        ("{{ '{:>9999999999}'.format(1) }}", "a number, a text or a list that is too large"),
        ("{{ '{0:{1}}'.format(1, '>9999999999') }}", "a width in a format that is itself a value"),
        ("{{ '{0:{1[a]}}'.format(1, {'a': 10**9}) }}", "a width in a format that is itself a value"),
        ("{{ ('a'|safe).center(10**9) }}", "a number, a text or a list that is too large"),
        ("{{ ('\t\t'|safe).expandtabs(10**9) }}", "a number, a text or a list that is too large"),
        ("{{ '%0999999999d'.encode() % 1 }}", "a number, a text or a list that is too large"),
        ("{{ ('\t' * 1000).encode().expandtabs(10**6) }}", "a number, a text or a list that is too large"),
        ("{{ range(9000)|list|tojson(separators=['a' * 900000, ':']) }}", "a number, a text or a list that is too"),
        ("{{ (('ab' * 90000)|safe).strip('a' * 90000 + 'b') }}", "looks for a text that is too long"),
        ("{{ dict.fromkeys(range(5000)|map('int')) }}", "looks things up by too many keys"),
        ("{{ dict((range(20000)|batch(2))) }}", "looks things up by too many keys"),
    ],
)
def test_no_step_of_a_template_takes_the_memory_or_minutes(chatty, template, why):
    """No deadline ends a single step of Python's."""
    before = resource_limits()
    with pytest.raises(Refused, match=why):
        as_message("hello", template, chatty.tokenizer)
    assert resource_limits() == before


# Each is done in a moment where it is done at all, and each would take hours: no step of it makes much by itself.
DOUBLED = "{{% set ns = namespace(x={0}, y={0}) %}}{{% for i in range(60) %}}{1}{{% endfor %}}"
BOMBS = {
    "compared lists": DOUBLED.format("[1]", "{% set ns.x = [ns.x, ns.x] %}{% set ns.y = [ns.y, ns.y] %}")
    + "{{ ns.x == ns.y }}",
    "a key": DOUBLED.format("(1, 2)", "{% set ns.x = (ns.x, ns.x) %}") + "{{ {ns.x: 1} }}",
    "written": DOUBLED.format("1", "{% set ns.x = {'a': ns.x, 'b': ns.x} %}") + "{{ ns.x|tojson }}",
    "made by a call": DOUBLED.format("1", "{% set ns.x = dict(a=ns.x, b=ns.x) %}") + "{{ ns.x }}",
    "given to a macro": "{% macro m() %}{% set ns.x = varargs %}{% endmacro %}"
    + DOUBLED.format("(1, 2)", "{{ m(ns.x, ns.x) }}"),
    "a block": DOUBLED.format("'a'", "{% set ns.x %}{{ ns.x }}{{ ns.x }}{% endset %}"),
    "put together": DOUBLED.format("'a'", "{% set ns.x = ns.x ~ ns.x %}"),
    "added": DOUBLED.format("'a'", "{% set ns.x = ns.x + ns.x %}"),
    "joined": "{{ ('b' * 500000).join(['a'] * 5000) }}",
    "replaced": "{{ ('a' * 500000)|replace('a', 'b' * 500000) }}",
    "a format": "{{ ('{0}' * 5000).format('a' * 500000) }}",
    "filled": "{{ ('\t' * 500000).expandtabs(500000) }}",
    "kept": "{{ (range(100000)|map('center', 1000000)|list)|length }}",
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_what_grows_by_doubling_is_refused_before_it_is_large(chatty, bomb):
    with pytest.raises(Refused, match="makes a number, a text or a list that is too large"):
        as_message("hello", bomb, chatty.tokenizer)


DEEP = "{{% set ns = namespace(x=(1,)) %}}{{% for i in range(600) %}}{{% set ns.x = {0} %}}{{% endfor %}}"


@pytest.mark.parametrize("thing", ["(ns.x,)", "[ns.x]", "ns.x|select", "ns.x|map('string')", "dict(a=ns.x).items()"])
def test_what_is_held_one_in_the_other_ends_before_the_stack(chatty, thing):
    """Python hashes pairs, and lets filters go that wait for others, on the stack of the process."""
    with pytest.raises(Refused, match="puts too many things one into the other"):
        as_message("hello", DEEP.format(thing), chatty.tokenizer)
    assert as_message("hello", DEEP.format(thing).replace("600", "9") + "x", chatty.tokenizer) == "x"


def test_a_template_has_its_time_where_many_others_run(chatty, monkeypatch):
    """On a machine that is busy two seconds pass while it waits."""
    wall = itertools.count(step=10)
    clocks = SimpleNamespace(monotonic=lambda: next(wall), thread_time=time.thread_time)
    monkeypatch.setattr(template_sandbox, "time", clocks)
    assert as_message("hello", TEMPLATE, chatty.tokenizer) == MADE


def test_a_loop_ends_where_nobody_watches_its_lines(chatty, monkeypatch):
    """Python calls a watch off that had no room for its own call, or was called where errors are passed over."""
    monkeypatch.setattr(template_sandbox, "_MOST_SECONDS", 0.2)
    monkeypatch.setattr(template_sandbox.sys, "settrace", lambda look: None)
    endless = "{% set r = range(9999)|list %}{% for i in r %}{% for j in r %}{% endfor %}{% endfor %}x"
    with pytest.raises(Refused, match=r"was not done in 0\.2 seconds"):
        as_message("hello", endless, chatty.tokenizer)


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("{{ (range(9999)|batch(1)|list)|sum(start=[])|length }}", "adds up lists"),
        ("{{ ('<' * 1000000)|striptags }}", "looks for patterns in a text that is too long"),
        ("{{ ('www.' * 200000)|urlize }}", "looks for patterns in a text that is too long"),
    ],
)
def test_what_takes_the_square_of_what_it_is_given_is_given_little(chatty, template, why):
    with pytest.raises(Refused, match=why):
        as_message("hello", template, chatty.tokenizer)


def test_the_heaviest_that_a_template_may_make_is_compared_and_written_in_no_time(chatty):
    """By processor time, which the bound is about: a step may take as long as a million things take."""
    heavy = DOUBLED.replace("60", "17").format("[1]", "{% set ns.x = [ns.x, ns.x] %}{% set ns.y = [ns.y, ns.y] %}")
    before = time.process_time()
    made = as_message("hello", heavy + "{{ ns.x == ns.y }} {{ ns.x|string|length }}", chatty.tokenizer)
    assert made == f"True {2**17 * 3 + (2**17 - 1) * 4}"
    assert time.process_time() - before < template_sandbox._MOST_SECONDS


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="only Linux holds a process to an amount of memory")
def test_a_template_is_held_to_an_amount_of_memory(chatty, monkeypatch):
    monkeypatch.setattr(template_sandbox, "_MOST_MEMORY", 2**20)
    before = resource_limits()
    with pytest.raises(Refused, match="takes more than 1 MiB of memory"):
        as_message("hello", "".join(f"{{% set a{i} = '🙂' * 1000000 %}}" for i in range(60)), chatty.tokenizer)
    assert resource_limits() == before


def resource_limits() -> object:
    resource = pytest.importorskip("resource")
    return resource.getrlimit(resource.RLIMIT_AS)


def test_a_template_may_still_multiply_and_put_into_formats(chatty):
    template = "{{ '-' * 3 }}{{ 3 * '-' }}{{ 2 ** 3 * 4 }}{{ 7 % 4 }}{{ '%s %02d' % ('a', 5) }}"
    template += """{{ '{"a": %s, "b": {"c": %s}}'|format(1, 2) }}{{ '{:>3}{a}'.format(1, a=2) }}"""
    assert as_message("hello", template, chatty.tokenizer) == '------323a 05{"a": 1, "b": {"c": 2}}  12'


def test_a_template_may_still_round_divide_and_look_for_texts(chatty):
    steps = ("7 // 2", "2.345|round(1)", "' 12 '|trim|int", "'a b'.rsplit(' ')[-1]", "4 is divisibleby(2)")
    template = " ".join(f"{{{{ {step} }}}}" for step in steps)
    assert as_message("hello", template, chatty.tokenizer) == "3 2.3 12 b True"


@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.parametrize("system", ["", "Speak like {{ a pirate }}"])
@pytest.mark.parametrize("thinks", [None, True, False])
def test_what_the_model_gets_is_what_transformers_makes(chatty, name, system, thinks):
    template = TEMPLATES[name]
    if (system and template == GEMMA) or (thinks is not None and template not in (QWEN3, GRANITE)):
        return  # refused, see below
    messages = [{"role": "system", "content": system}] * bool(system) + [{"role": "user", "content": "hello"}]
    said = {} if thinks is None else {"enable_thinking": thinks, "thinking": thinks}
    own = chatty.tokenizer.apply_chat_template(
        messages, chat_template=template, add_generation_prompt=True, tokenize=False, **said
    )
    assert as_message("hello", template, chatty.tokenizer, system=system, thinks=thinks) == own
    assert system in own


def test_thinking_is_switched_where_a_template_asks_for_it(chatty):
    ask = partial(as_message, "hello", tokenizer=chatty.tokenizer)
    assert ask(template=QWEN3, thinks=False) == ask(template=QWEN3) + "<think>\n\n</think>\n\n"
    assert ask(template=QWEN3, thinks=True) == ask(template=QWEN3)
    assert "thinking first" in ask(template=GRANITE, thinks=True)
    able = {name for name, template in TEMPLATES.items() if has_thinking_switch(template, chatty.tokenizer)}
    assert able == {"qwen3", "granite"}
    assert not has_thinking_switch("{# thinking #}{{ messages[0].content }}", chatty.tokenizer)
    with pytest.raises(Refused, match="has no switch for thinking; leave it as the template has it"):
        ask(template=CHATML, thinks=True)


@pytest.mark.parametrize(
    ("template", "why"),
    [
        (GEMMA, "The chat template takes no system message: System role not supported."),
        (FORGETFUL, "The chat template leaves a system message out."),
        ("{% for", "The chat template cannot be used: "),
        *((template, "") for name, template in TEMPLATES.items() if name != "gemma"),
    ],
)
def test_a_template_says_whether_it_takes_a_system_message(chatty, template, why):
    told = why_no_system(template, chatty.tokenizer)
    assert told.startswith(why)
    assert bool(told) == bool(why)
    if why:
        with pytest.raises(Refused) as refused:
            as_message("hello", template, chatty.tokenizer, system="Be brief.")
        assert str(refused.value).startswith(why)
        assert str(refused.value).endswith("Leave it out.")


def test_what_stands_around_a_message_is_known_when_it_is_opened(chatty, tmp_path):
    assert (chatty.info.why_no_system, chatty.info.can_think) == ("", False)
    opened = load(with_template(tmp_path / "gemma", GEMMA), Context())
    assert opened.info.why_no_system == "The chat template takes no system message: System role not supported."
    qwen = load(with_template(tmp_path / "qwen", QWEN3), Context())
    assert (qwen.info.why_no_system, qwen.info.can_think) == ("", True)
    asked = GenerationRequest("", text_input("hello"), most=1, task="message", system=" Be brief. ", thinks=False)
    assert "system\nBe brief.<|im_end|>" in _prompt(qwen, asked.input, asked)
    with pytest.raises(Refused, match="System role not supported"):
        generation(replace(asked, thinks=None), opened, Context())


def test_what_has_no_template_says_so(chatty, tmp_path):
    plain = load(str(save_gpt2(tmp_path)), Context())
    with pytest.raises(Refused, match="has no chat template"):
        generation(GenerationRequest("", text_input("hello"), task="message"), plain, Context())
    with pytest.raises(Refused, match="takes a message in words, not token ids"):
        generation(GenerationRequest("", text_input(token_ids=(5, 6)), task="message"), chatty, Context())

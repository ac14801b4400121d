import pytest


def answer(tasks, prompt, response):
    (task,) = [task for task in tasks.all_tasks() if task.prompt == prompt]
    return tasks.label(task, response)


def test_there_are_320_different_prompts_with_different_ids(tasks):
    every = tasks.all_tasks()
    assert len(every) == len({task.prompt for task in every}) == len({task.prompt_id for task in every}) == 320
    assert every == tasks.all_tasks()


def test_the_answer_itself_always_earns_the_whole_mark_and_nothing_earns_none(tasks):
    for task in tasks.all_tasks():
        assert tasks.label(task, task.answer) == 1.0
        assert tasks.label(task, "") == 0.0


@pytest.mark.parametrize(
    ("prompt", "response", "expected"),
    [
        ("What is 10 + 5?", "15.", 1.0),
        ("What is 10 + 5?", "The sum of 10 and 5 is 15.", 0.5),
        ("What is 10 + 5?", "15, or rather 16", 0.0),
        ("What is 10 + 5?", "150", 0.0),
        ("Is Paris the capital of France?", "Yes, it is.", 1.0),
        ("Is Paris the capital of France?", "I would say yes.", 0.5),
        ("Is Paris the capital of France?", "No. Or yes.", 0.0),
        ("What is the first letter of the word cat?", "C", 1.0),
        ("What is the first letter of the word cat?", "The first letter is c.", 1.0),
        ("What is the first letter of the word cat?", "cat", 0.0),
        ("Spell the word table with hyphens.", "T-A-B-L-E", 1.0),
        ("Spell the word table with hyphens.", "t-a-b-l-e-s", 0.0),
        ("Write the word cat in capital letters.", '"CAT"', 1.0),
        ("Write the word cat in capital letters.", "It is CAT", 0.5),
        ("Write the word cat in capital letters.", "cat", 0.0),
        ("Repeat this word and nothing else: jacket", "jacket.", 1.0),
        ("Repeat this word and nothing else: jacket", "jackets", 0.0),
    ],
)
def test_the_checking_program(tasks, prompt, response, expected):
    assert answer(tasks, prompt, response) == expected

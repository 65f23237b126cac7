"""From the form to the wall."""

from __future__ import annotations


def test_a_promise_is_stored_hidden_and_its_sender_gets_a_receipt(visitor, desk, stored):
    answer = visitor.promises(name="Amina Yusuf", show_name="full")
    assert answer.status_code == 303
    assert answer.location.startswith("/receipt/")
    (pledge,) = stored()
    assert pledge.published_revision_id is None
    assert desk.told("stored") == [pledge.public_id]
    page = visitor.get(answer.location).get_data(as_text=True)
    assert "Thank you, Amina." in page
    assert pledge.public_id in page
    assert "I will listen before I speak" not in visitor.get("/week").get_data(as_text=True)


def test_an_approved_promise_stands_on_the_wall_with_its_author(visitor, approve):
    visitor.promises(name="Amina Yusuf", show_name="full", theme="work")
    id = approve()
    wall = visitor.get("/week").get_data(as_text=True)
    assert "I will listen before I speak" in wall
    assert "Amina Yusuf" in wall
    assert f'data-pledge="{id}"' in wall
    assert "I will listen before I speak" in visitor.get(f"/week/promises/{id}").get_data(as_text=True)

"""Example promises: invented people and organisations, marked as examples wherever they stand."""

from __future__ import annotations

# theme, words, name, role or place, kind, language, progress, show name
PROMISES: tuple[tuple[str, str, str, str, str, str, str, str], ...] = (
    ("listen", "I will read one book a month by an author whose life is not like mine, and lend it on.", "Hannah W", "Librarian, Ludlow", "person", "en", "promised", "full"),
    ("speak", "I won’t laugh along any more.", "", "A promise from Derby", "person", "en", "kept", "anonymous"),
    ("schools", "By July we will have read our schemes of work from Year 1 to Year 6 together with parents, and changed at least one unit in every subject, so that Black history is part of ordinary lessons.", "Brookfield Primary School", "School, Sheffield", "organisation", "en", "under_way", "organisation"),
    ("families", "No meeting about a child’s support starts before we have asked the family what already works.", "Dyffryn Family Centre", "Charity, Newport", "organisation", "en", "promised", "organisation"),
    ("services", "I will believe you the first time.", "Grace", "Midwife, Birmingham", "person", "en", "kept", "full"),
    ("work", "We will publish our ethnicity pay gap every February, next to what we did about the last one.", "Marlow & Finch LLP", "Employer, 340 people", "organisation", "en", "under_way", "organisation"),
    ("listen", "Rwy’n addo gwrando cyn siarad, a dysgu o’r hyn rwy’n ei glywed.", "Carys", "Caernarfon", "person", "cy", "promised", "full"),
    ("schools", "Learn to say every name in my class. Properly.", "Mr Adeyemi", "Teacher, Luton", "person", "en", "kept", "full"),
    ("speak", "When I get it wrong I will say sorry, put it right, and not make it about me.", "Tom R", "Team leader, Truro", "person", "en", "promised", "full"),
    ("services", "We will show how long every child waits for an assessment, by ethnicity, each term. If there is a gap, everyone will see it, and so will our plan to close it.", "Harbour Children’s Services", "Public service", "organisation", "en", "promised", "organisation"),
    ("work", "Mentor two colleagues this year, and open the doors that were opened for me.", "Oluwaseun A", "Head of operations", "person", "en", "under_way", "full"),
    ("families", "Bedtime stories with heroes who look like my daughter’s whole class 📚", "Dev", "Dad of two, Leicester", "person", "en", "under_way", "full"),
    ("schools", "As a governor I will ask for exclusion figures by ethnicity at every meeting, until we understand them.", "Ruth", "School governor, Dundee", "person", "en", "promised", "full"),
    ("listen", "To learn the history I was never taught.", "Maggie D", "Belfast", "person", "en", "under_way", "full"),
    ("speak", "I’ll stop calling it banter.", "Lewis", "Five-a-side captain, Wigan", "person", "en", "kept", "full"),
    ("families", "Rydym yn addo y bydd pob llais yn cael ei glywed.", "Ysgol y Nant", "Ysgol, Gwynedd", "organisation", "cy", "promised", "organisation"),
    ("work", "All 1,900 of us will finish the anti-racism training by the end of March, on paid time. The board goes first.", "Kestrel Ambulance Trust", "Public service", "organisation", "en", "under_way", "organisation"),
    ("services", "At every review I will ask whether the child’s background has been understood, or only written down.", "Priya S", "Reviewing officer", "person", "en", "promised", "full"),
    ("listen", "أعد بأن أصغي قبل أن أتكلم.", "ليلى", "Cardiff", "person", "ar", "promised", "full"),
    ("speak", "If a joke lands on somebody, I will be the one who says so.", "Craig", "Warehouse, Grimsby", "person", "en", "promised", "full"),
    ("schools", "Our library will weed nothing quietly: every shelf gets checked for whose stories are missing.", "Elmhurst Academy", "School, Croydon", "organisation", "en", "promised", "organisation"),
    ("families", "I will ring three parents who never come to our evenings, and ask what would make them come.", "", "Parent teacher association", "person", "en", "kept", "role"),
    ("work", "No shortlist leaves my desk unless somebody else has read the names we left out.", "Shabnam", "Recruiter, Leeds", "person", "en", "promised", "full"),
    ("services", "Our forms will ask how a name is said, and we will use it.", "Northgate Surgery", "Practice, Ipswich", "organisation", "en", "kept", "organisation"),
    ("listen", "One hour a week in our team is for reading what people told us, not for answering it.", "Owen", "Social worker, Swansea", "person", "en", "promised", "full"),
    ("speak", "I will speak up in the meeting, not in the corridor afterwards.", "Femi", "Nurse, Lewisham", "person", "en", "promised", "full"),
    ("schools", "Ein dosbarth ni: pob enw yn gywir, bob dydd.", "Mrs Pugh", "Athrawes, Aberystwyth", "person", "cy", "promised", "full"),
    ("families", "We will hold our open day on a date that is nobody’s festival, and check with three calendars.", "Riverside Nursery", "Nursery, Oldham", "organisation", "en", "kept", "organisation"),
    ("work", "I will put my pay on the table, so that others can ask for theirs.", "", "Manager, Reading", "person", "en", "promised", "role"),
    ("services", "Every complaint about race gets a call from me within two days.", "Janet", "Housing officer, Hull", "person", "en", "under_way", "full"),
    ("listen", "I will sit with the discomfort.", "Sam", "Trainee, Bristol", "person", "en", "promised", "full"),
    ("speak", "The next time our coach gets a name wrong for fun, I will stop training.", "Aaliyah", "Under-21s, Walsall", "person", "en", "promised", "first"),
    ("schools", "We will pay the local historian to teach us, and give teachers the afternoon off for it.", "St Brigid’s High", "School, Govan", "organisation", "en", "promised", "organisation"),
    ("families", "My mum’s stories go on paper this winter, for my children.", "Yusuf", "Bradford", "person", "en", "under_way", "full"),
    ("work", "Our apprentices will meet the people who left us, and hear why.", "Tamar Boatworks", "Employer, 28 people", "organisation", "en", "promised", "organisation"),
    ("services", "I will write in the record what the family said, in the family’s words.", "Bernadette", "Health visitor, Derry", "person", "en", "kept", "full"),
    ("listen", "We will ask our youth council one question each month and publish the answer as it was given.", "Fenland District Youth Council", "Council", "organisation", "en", "promised", "organisation"),
    ("speak", "I will not leave it to the only Black person in the room.", "Alistair", "Solicitor, Perth", "person", "en", "promised", "full"),
    ("schools", "Year 9 will choose the next five books. All of them.", "Ms Okoro", "English teacher, Slough", "person", "en", "under_way", "full"),
    ("work", "When somebody asks where I am really from, my manager will answer, since she promised me so.", "Nadia", "Call centre, Cardiff", "person", "en", "kept", "first"),
)  # fmt: skip

COMMENTS: tuple[tuple[str, str], ...] = (
    ("We did this last spring. Start with one unit; it goes faster than you think.", "Mei"),
    ("Would you share your list when it is done?", "Gareth"),
    ("My team will try this too. Thank you.", "Ama"),
    ("How will you know that it worked?", "Rosie"),
)

"""What a study's server does, without HTTP: hands out sheets and takes answers."""

import secrets
from http import HTTPStatus
from pathlib import Path
from typing import Any

from hdvg.errors import InputError
from vfmodel.study.answers import parse_answer, parse_rater, parse_sheet
from vfmodel.study.page import SERVER, draw_page, show_sheet
from vfmodel.study.rater_token import is_signed, keep_secret, sign
from vfmodel.study.study_folder import MEDIA, PUBLIC, VOTES_FILE, load_study
from vfmodel.study.vote_store import FullError, ShownAnswer, VoteStore

_MAX_ANSWERS_A_REQUEST = 100


class RefusedError(Exception):
    """A request that is answered with an error and its HTTP status."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


class VoteDesk:
    """One study that is open for answers."""

    def __init__(self, folder: Path, max_raters: int) -> None:
        """Opens a study's folder.

        Raises:
            InputError: Not a study, or its database cannot be opened.
        """
        self.study = load_study(folder)
        self.page = draw_page(self.study, SERVER).encode()
        names = {clip.name for pair in self.study.pairs for clip in (pair.first, pair.second)}
        self.media = {f"{name}.mp4": folder / PUBLIC / MEDIA / f"{name}.mp4" for name in names}
        self._max_raters = max_raters
        try:
            self._secret = keep_secret(folder)
        except (OSError, ValueError) as error:
            raise InputError(f"cannot keep a secret in {folder}: {error}") from error
        self.store = VoteStore(folder / VOTES_FILE, self.study.study_id)

    def join(self, request: dict[str, Any]) -> dict[str, Any]:
        """Lets a rater in: a number, a sheet, and a token for the two.

        Raises:
            RefusedError: The page is of another study, or no more raters are wanted.
        """
        self._check_study(request)
        rater = secrets.token_hex(16)
        try:
            sheet = self.store.add_rater(rater, len(self.study.sheets), self._max_raters)
        except FullError as error:
            raise RefusedError(HTTPStatus.FORBIDDEN, "this study has all its raters") from error
        return {
            "rater": rater,
            "sheet": sheet,
            "token": sign(self._secret, self.study.study_id, rater, sheet),
            "trials": show_sheet(self.study, self.study.sheets[sheet]),
        }

    def vote(self, request: dict[str, Any]) -> dict[str, Any]:
        """Keeps a rater's answers; they are on the disk when this returns.

        What was on the left and on the right follows from the sheet that the token vouches for, so
        that no request can claim a comparison that was not shown.

        Raises:
            InputError: Answers of another form.
            RefusedError: The page is of another study, or the token is not this rater's.
        """
        self._check_study(request)
        sheet = parse_sheet(request.get("sheet"), len(self.study.sheets))
        rater = parse_rater(request.get("rater"))
        token = request.get("token")
        if not is_signed(self._secret, self.study.study_id, rater, sheet, token):
            raise RefusedError(HTTPStatus.FORBIDDEN, "this rater was not given this sheet")
        answers = request.get("answers")
        if not isinstance(answers, list) or not 1 <= len(answers) <= _MAX_ANSWERS_A_REQUEST:
            raise InputError(f"answers must be a list of 1..{_MAX_ANSWERS_A_REQUEST}")
        trials = self.study.sheets[sheet]
        shown = []
        for answer in (parse_answer(each, len(trials)) for each in answers):
            left, right = self.study.shown(trials[answer.position])
            shown.append(ShownAnswer(answer=answer, left=left.name, right=right.name))
        self.store.save(rater, shown)
        return {"saved": len(shown)}

    def _check_study(self, request: dict[str, Any]) -> None:
        if request.get("study") != self.study.study_id:
            raise RefusedError(
                HTTPStatus.CONFLICT, "this page is of another study; please reload it"
            )

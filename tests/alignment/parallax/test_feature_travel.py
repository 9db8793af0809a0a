"""Travel, depth and matrices from feature matches, where one matrix a frame is not enough."""

from __future__ import annotations

import numpy as np
import pytest

from focusstack.alignment.parallax.feature_travel import travel_from_features
from focusstack.alignment.tiles.matches import Matches, isotropic
from tests.alignment.parallax.known_tracks import REFERENCE, SIZE, TRAVEL, Tracks, in_frame


def test_tracks_lie_where_travel_and_depth_put_them() -> None:
    tracks = Tracks.of()
    found = tracks.followed(wrong=40)
    assert found is not None
    # The places of the tracks in the reference tell which is which.
    apart = np.linalg.norm(found.places[:, None] - tracks.places[REFERENCE], axis=2)
    which = apart.argmin(1)
    assert (which >= tracks.places.shape[1] - tracks.near).sum() > 0.9 * tracks.near
    for k in range(len(TRAVEL)):
        error = np.linalg.norm(in_frame(found, k) - tracks.places[k][which], axis=1)
        assert np.median(error) < 0.8
        assert np.percentile(error, 95) < 2.5


def test_the_reference_stays_and_depth_fills_its_range() -> None:
    found = Tracks.of().followed()
    assert found is not None
    np.testing.assert_allclose(found.matrices[REFERENCE], np.eye(3), atol=1e-9)
    assert not found.travel[REFERENCE].any()
    near = np.abs(found.places - (500, 375)).max(1) < 90
    assert abs(np.median(found.depth[near]) - np.median(found.depth[~near])) == pytest.approx(
        1, abs=0.15
    )


@pytest.mark.parametrize("share", [0.02, 0.1])
def test_a_tenth_of_the_width_is_followed(share: float) -> None:
    travel = TRAVEL / np.abs(TRAVEL).max() * share * SIZE[0]
    assert Tracks.of(travel=travel[[1, 1, 3, 3]] - travel[1]).followed() is not None


def test_what_lies_farther_is_not_believed() -> None:
    travel = np.array([[0.0, 0], [0, 0], [200, 40], [200, 40]])
    assert Tracks.of(travel=travel).followed() is None


def test_what_tiles_see_is_left_to_them() -> None:
    near = TRAVEL / np.abs(TRAVEL).max()
    assert Tracks.of(travel=4.0 * near[[1, 1, 3, 3]]).followed() is None
    assert Tracks.of(travel=9.5 * near[[1, 1, 3, 3]]).followed() is not None


@pytest.mark.parametrize(("near", "looked_for"), [(90, True), (40, False)])
def test_few_matches_far_off_are_the_usual_mishaps(near: int, looked_for: bool) -> None:
    assert (Tracks.of(far=2000, near=near).followed() is not None) == looked_for


@pytest.mark.parametrize(("near", "enough"), [(40, True), (18, False)])
def test_a_thing_needs_some_tracks(near: int, enough: bool) -> None:
    assert (Tracks.of(far=150, near=near).followed() is not None) == enough


@pytest.mark.parametrize(("near", "sure"), [(110, True), (36, False)])
def test_more_must_fit_than_wrong_matches_would_by_chance(near: int, sure: bool) -> None:
    assert (Tracks.of(far=600, near=near).followed(wrong=60) is not None) == sure


def test_wrong_matches_alone_are_no_travel() -> None:
    assert Tracks.of(near=0).followed(wrong=200) is None


def test_a_thing_that_moves_every_way_is_no_travel() -> None:
    tracks = Tracks.of(near=80)
    rng = np.random.default_rng(1)
    tracks.places[:, -80:] += rng.uniform(-40, 40, (len(TRAVEL), 80, 2))
    assert tracks.followed() is None


def test_frames_left_out_stay_so() -> None:
    tracks = Tracks.of()
    H = np.stack([np.eye(3)] * 4)
    H[3] = np.nan
    found = travel_from_features(tracks.matches(), H, REFERENCE, SIZE)
    assert found is not None
    assert np.isnan(found.matrices[3]).all()
    assert not found.travel[3].any()


def test_without_matches_there_is_nothing() -> None:
    assert travel_from_features([], np.stack([np.eye(3)] * 4), REFERENCE, SIZE) is None


def test_where_every_track_sees_a_frame_at_two_places_there_is_nothing() -> None:
    p = np.array([[10.0, 20.0], [10.0, 20.0]])
    twice = Matches(0, 1, p, p + [[30.0, 0.0], [0.0, 30.0]], isotropic(2, 0.5))
    assert travel_from_features([twice], np.tile(np.eye(3), (2, 1, 1)), 0, SIZE) is None

from __future__ import annotations

import pytest

from bncli.analysis.adversarial_networks import adversarial_networks


@pytest.mark.parametrize(
    ("generator", "discriminator"),
    [("netG.main.1", "netD.main.3"), ("generator.1", "critic.1"), ("G_A.2", "D_B.2"), ("gen/bn", "disc/bn")],
)
def test_the_networks_of_a_gan_are_known_by_the_first_part_of_their_names(generator: str, discriminator: str) -> None:
    expected = {generator: "generator", discriminator: "discriminator"}
    assert adversarial_networks([generator, "encoder.bn", discriminator]) == expected


@pytest.mark.parametrize("labels", [[], ["netG.1", "netG.2"], ["d.1", "encoder.1"], ["layer1.g", "layer1.d"]])
def test_one_network_alone_is_no_pair(labels: list[str]) -> None:
    assert adversarial_networks(labels) == {}

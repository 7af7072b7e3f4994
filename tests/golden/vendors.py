"""A month of usage for every published price table, and its bill worked out by hand.

By vendor and month, and by meter: what was used, and the amounts of the lines that
cost something, as plain arithmetic with the published prices, to be rounded half up to
cents. Used is what the meter's aggregation asks for, in billed units, by day:

- of stored data the level, which lasts until the next day that is named,
- of a minimum duration what was deleted, and for how many days it had been stored,
- else what was used on that day.

The months have 31 days, where nothing else is said.
"""

from decimal import Decimal as D

MONTHS = {
    "aws_s3_standard_us_east_1": {
        "2026-10": {
            "storage": (
                {1: 600_000, 16: 700_000},
                [
                    51_200 * D("0.023"),
                    (512_000 - 51_200) * D("0.022"),
                    ((15 * 600_000 + 16 * 700_000) / D(31) - 512_000) * D("0.021"),
                ],
            ),
            "requests_a": ({5: 12_345_678}, [12_345_678 * D("0.005") / 1000]),
            "requests_b": ({5: 250_000_000}, [250_000_000 * D("0.0004") / 1000]),
            "aws_delete": ({9: 40_000}, []),
            "transfer_out": (
                {3: 100_000, 20: 80_000},
                [
                    (10_240 - 100) * D("0.09"),
                    (51_200 - 10_240) * D("0.085"),
                    (153_600 - 51_200) * D("0.07"),
                    (180_000 - 153_600) * D("0.05"),
                ],
            ),
            "transfer_in": ({3: 5_000}, []),
            "aws_ia_storage": (
                {1: 2_000, 13: 1_500},
                [(12 * 2_000 + 19 * 1_500) / D(31) * D("0.0125")],
            ),
            "aws_ia_deleted": (
                {13: (500, 12)},
                [500 * (30 - 12) / D(31) * D("0.0125")],
            ),
            "aws_ia_retrieval": ({8: "321.5"}, [D("321.5") * D("0.01")]),
        }
    },
    "cloudflare_r2": {
        "2026-10": {
            # (15 x 800 + 16 x 1,250) / 30 = 1,066.67, so 1,067, and 10 are free
            "r2_storage": ({1: 800, 16: 1_250}, [(1_067 - 10) * D("0.015")]),
            # 2,400,001 beyond the first million: 3 million
            "r2_class_a": ({5: 3_400_001}, [3 * D("4.50")]),
            "r2_class_b": ({5: 310_000_000}, [(310 - 10) * D("0.36")]),
            # (10 x 500 + 21 x 200) / 30 = 306.67, so 307
            "r2_ia_storage": ({1: 500, 11: 200}, [307 * D("0.01")]),
            "r2_ia_deleted": ({10: (300, 10)}, [300 * (30 - 10) / D(30) * D("0.01")]),
            "r2_ia_class_a": ({5: 1_000}, [1 * D("9.00")]),
            "r2_ia_class_b": ({5: 1_000_001}, [2 * D("0.90")]),
            "r2_ia_retrieval": ({7: "41.2"}, [42 * D("0.01")]),
            "r2_egress": ({5: "900.5"}, []),
        }
    },
    "backblaze_b2": {
        # The prices change on the 3rd. The free 10 GB are used up by then.
        "2023-10": {
            "b2_storage": (
                {1: 1_210, 3: 2_000},
                [
                    (2 * 1_210 / D(31) - 10) * D("0.005"),
                    29 * 2_000 / D(31) * D("0.006"),
                ],
            ),
            "b2_class_a": ({2: 90_000}, []),
            "b2_class_b": (
                {1: 102_500, 2: 2_000, 20: 52_500},
                [(100_000 + 0 + 50_000) * D("0.004") / 10_000],
            ),
            "b2_class_c": (
                {1: 22_500, 9: 1_000, 15: 7_500},
                [(20_000 + 0 + 5_000) * D("0.004") / 1_000],
            ),
            # 1 GB of the 1st and half a GB of the 2nd are free; then 3 x the average
            "b2_egress": (
                {1: 51, 2: "0.5", 20: 6_000},
                [
                    50 * D("0.01"),
                    (50 + 6_000 - 3 * (2 * 1_210 + 29 * 2_000) / D(31)) * D("0.01"),
                ],
            ),
        }
    },
    "wasabi": {
        # Months of 720 hours: these two have 30 days.
        "2020-06": {
            "wasabi_storage": ({1: "0.6"}, [D("0.6") * D("5.99"), D("2.40")]),
            "wasabi_deleted": ({11: (1, 85)}, [1 * 5 / D(30) * D("5.99")]),
            "wasabi_deleted_reserved": ({11: (1, 20)}, [1 * 10 / D(30) * D("5.99")]),
        },
        "2026-06": {
            "wasabi_storage": ({1: "0.6"}, [D("0.6") * D("6.99"), D("2.80")]),
            "wasabi_deleted": ({11: (1, 85)}, [1 * 5 / D(30) * D("6.99")]),
            "wasabi_deleted_reserved": ({11: (1, 20)}, [1 * 10 / D(30) * D("6.99")]),
        },
        "2026-07": {
            "wasabi_storage": (
                {1: "0.6", 11: 12},
                [(10 * D("0.6") + 21 * 12) / 30 * D("7.99")],
            ),
            "wasabi_deleted": ({20: (2, 30)}, [2 * 60 / D(30) * D("7.99")]),
            "wasabi_deleted_reserved": ({20: (1, 12)}, [1 * 18 / D(30) * D("7.99")]),
            "wasabi_requests": ({3: 5_000_000}, []),
            "wasabi_egress": ({9: 5, 22: 6}, []),
        },
    },
    "digitalocean_spaces": {
        "2026-10": {
            "spaces_subscription": ({}, [5]),
            "spaces_storage": (
                {1: 180, 21: 700},
                [((20 * 180 + 11 * 700) / D(31) - 250) * D("0.02")],
            ),
            "spaces_egress": ({4: "1500.75"}, [(D("1500.75") - 1024) * D("0.01")]),
        }
    },
    "gcs_us_east1": {
        "2026-10": {
            "gcs_standard": ({1: 50}, [50 * 744 / D(730) * D("0.02")]),
            "gcs_nearline": ({1: 1_000, 16: 0}, [1_000 * 15 / D(31) * D("0.01")]),
            "gcs_nearline_deleted": (
                {16: (1_000, 15)},
                [1_000 * 15 / D(31) * D("0.01")],
            ),
            "gcs_coldline": ({1: 3_000}, [3_000 * D("0.004")]),
            "gcs_coldline_deleted": ({10: (100, 40)}, [100 * 50 / D(31) * D("0.004")]),
            "gcs_archive": ({1: 20_000}, [20_000 * D("0.0012")]),
            "gcs_archive_deleted": ({10: (500, 65)}, [500 * 300 / D(31) * D("0.0012")]),
            "gcs_class_a": ({5: 120_000}, [120 * D("0.005")]),
            "gcs_class_b": ({5: 1_500_000}, [1_500 * D("0.0004")]),
            "gcs_egress": ({5: "83.5"}, [D("83.5") * D("0.12")]),
        }
    },
    "tigris": {
        "2026-10": {
            "tigris_storage": (
                {1: 105, 16: 205},
                [((15 * 105 + 16 * 205) / D(31) - 5) * D("0.02")],
            ),
            "tigris_class_a": ({5: 250_000}, [(250 - 10) * D("0.005")]),
            "tigris_class_b": ({5: 2_100_000}, [(2_100 - 100) * D("0.0005")]),
            "tigris_ia_storage": ({1: 62}, [62 * D("0.01")]),
            "tigris_ia_deleted": ({5: (31, 20)}, [31 * 10 / D(31) * D("0.01")]),
            "tigris_ia_retrieval": ({5: "12.5"}, [D("12.5") * D("0.01")]),
            "tigris_archive_storage": ({1: 500}, [500 * D("0.004")]),
            "tigris_archive_deleted": ({7: (93, 60)}, [93 * 30 / D(31) * D("0.004")]),
            "tigris_instant_storage": ({1: 250}, [250 * D("0.004")]),
            "tigris_instant_deleted": ({7: (31, 80)}, [31 * 10 / D(31) * D("0.004")]),
            "tigris_instant_retrieval": ({8: 40}, [40 * D("0.03")]),
            "tigris_egress": ({8: 900}, []),
        }
    },
    "storj_legacy": {
        # Months of 720 hours. 2.98 + 0.45 + 0.56 = 3.99, and 1.01 more make 5.
        "2025-10": {
            "storj_storage": ({1: 720}, [720 * 744 / D(720) * D("0.004")]),
            "storj_segments": ({1: 50_000}, [50_000 * 744 / D(720) * D("0.0000088")]),
            "storj_egress": ({9: 80}, [80 * D("0.007")]),
            None: ({}, [D("1.01")]),
        }
    },
    "storj_global_collaboration_config_example": {
        # Months of 720 hours, whole GB.
        "2026-10": {
            # 1,000.4 x 744 / 720 = 1,033.75, so 1,034
            "storj_global_storage": ({1: "1000.4"}, [1_034 * D("15") / 1000]),
            # 12.25 x 744 / 720 = 12.66, so 13
            "storj_global_small": ({1: "12.25"}, [13 * D("15") / 1000]),
            # 61.1 x 27 / 30 = 54.99, so 55
            "storj_global_retention": ({4: ("61.1", 3)}, [55 * D("15") / 1000]),
            # 1,500 - 1,033.75 = 466.25, so 467
            "storj_global_egress": ({9: 1_500}, [467 * D("20") / 1000]),
        }
    },
    "telnyx_storage": {
        "2026-10": {
            "telnyx_storage": (
                {1: 110, 16: 420},
                [((15 * 110 + 16 * 420) / D(31) - 10) * D("0.006")],
            ),
            "telnyx_class_a": ({5: 5_250_000}, [(D("5.25") - 1) * D("0.50")]),
            "telnyx_class_b": ({5: 35_500_000}, [(D("35.5") - 10) * D("0.04")]),
        }
    },
    "scaleway_2019_pack": {
        "2020-10": {
            "scaleway_pack": ({}, [5]),
            # 480 all month and 720.2 more for 21 days (504 hours) count in full, and
            # 300.5 for 2 days as 48 of 500 hours: 1,229.05, so 1,230
            "scaleway_storage": (
                {1: 480, 4: "1200.2", 10: "1500.7", 12: "1200.2", 25: 480},
                [(1_230 - 500) * D("0.01")],
            ),
            "scaleway_egress": ({9: "512.3"}, [(513 - 500) * D("0.02")]),
        }
    },
    "hetzner_object_storage": {
        "2025-10": {
            "hetzner_base": ({}, [5]),
            # The first ten days leave half of what is free on them.
            "hetzner_storage": (
                {1: "0.5", 11: 2},
                [(10 * 24 * D("0.5") + 21 * 24 * 2 - 744) * D("0.0067")],
            ),
            "hetzner_egress": ({8: "0.4", 20: "1.85"}, [D("1.25") * D("1")]),
        }
    },
    "cloudvps_object_store": {
        "2026-10": {
            "cloudvps_storage": (
                {1: 640_000},
                [
                    100_000 * D("0.050"),
                    400_000 * D("0.045"),
                    140_000 * D("0.040"),
                ],
            ),
            "cloudvps_egress": (
                {2: 120_000},
                [
                    90 * D("0.05"),
                    400 * D("0.045"),
                    500 * D("0.040"),
                    9_000 * D("0.035"),
                    90_000 * D("0.030"),
                    20_000 * D("0.025"),
                ],
            ),
            "cloudvps_heavy": ({5: 10_000_000}, [10_000_000 / D(4_000) * D("0.01")]),
            "cloudvps_light": (
                {5: 123_456_789},
                [123_456_789 / D(40_000) * D("0.01")],
            ),
            "cloudvps_delete": ({5: 1_000_000}, []),
        }
    },
}

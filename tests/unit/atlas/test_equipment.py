"""Equipment: its classes, its design data, and the small calculations that they carry, held to textbook numbers."""

import doctest
import importlib
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.atlas.equipment import (
    EQUIPMENT_TYPES,
    RENAMED,
    Absorber,
    Boiler,
    Column,
    Compressor,
    CoolingTower,
    Decanter,
    DistillationColumn,
    Equipment,
    EquipmentError,
    EquipmentType,
    FiredHeater,
    FlashDrum,
    HeatExchanger,
    Mover,
    Port,
    Pump,
    Reactor,
    Separator,
    StirredReactor,
    Tank,
    Turbine,
    Valve,
    Vessel,
)
from twin.atlas.quantities import Quantity
from twin.atlas.symbols import SYMBOLS
from twin.atlas.units import WrongDimensionError

Q = Quantity.parse


def made(kind: str, **design: str) -> Any:
    return Equipment.of(kind, "X-1", design=design)


@pytest.mark.parametrize("kind", EQUIPMENT_TYPES.values(), ids=lambda kind: kind.name)
def test_every_type_can_be_made_and_drawn_and_says_what_it_is(kind: EquipmentType) -> None:
    item = Equipment.of(kind.name, "X-1", name="Thing")
    assert type(item) is kind.kind
    assert item.type is kind
    assert item.modes == kind.kind.usual_modes
    assert kind.symbol in SYMBOLS
    assert kind.description[0].islower()
    assert all(isinstance(port, Port) for port in kind.ports)
    names = [field.name for field in kind.design_fields]
    assert len(set(names)) == len(names)


def test_a_class_stands_where_ports_or_behaviour_differ_and_rows_where_data_do() -> None:
    rows: dict[type[Equipment], list[str]] = {}
    for kind in EQUIPMENT_TYPES.values():
        rows.setdefault(kind.kind, []).append(kind.name)
    assert rows[HeatExchanger] == ["shell-and-tube-exchanger", "condenser", "reboiler", "cooler", "heater"]
    assert rows[Compressor] == ["compressor", "blower"]
    assert rows[Valve] == ["valve", "check-valve"]
    assert issubclass(StirredReactor, Reactor)
    assert issubclass(Reactor, Vessel)
    assert issubclass(DistillationColumn, Column)
    assert issubclass(Column, Separator)
    assert issubclass(Pump, Mover)
    assert not issubclass(Turbine, Mover)
    assert set(RENAMED.values()) <= set(EQUIPMENT_TYPES)
    assert not set(RENAMED) & set(EQUIPMENT_TYPES)


def test_design_data_are_quantities_and_texts_of_the_type() -> None:
    item = made("stirred-reactor", volume="2100 L", material="316L", design_pressure="6 bar(g)")
    assert item.design["volume"] == Q("2.1 m3")
    assert item.design["material"] == "316L"
    assert item.designed("design_pressure").value_in("bar") == pytest.approx(7.01325)
    with pytest.raises(EquipmentError, match="X-1 has no diameter among its design data"):
        item.liquid_volume(Q("1 m"))


@pytest.mark.parametrize(
    ("design", "told"),
    [
        ({"volume": "2.1 kg"}, "volume"),
        ({"volume": "2.1 m4"}, "m4"),
        ({"volume": "much"}, "much"),
        ({"volum": "2.1 m3"}, "did you mean 'volume'"),
        ({"volume": "0 m3"}, "volume 0 m3 isn't above zero"),
        ({"design_temperature": "-300 degC"}, "isn't above zero"),
    ],
)
def test_design_data_that_do_not_fit_are_refused(design: dict[str, str], told: str) -> None:
    with pytest.raises(EquipmentError, match=told):
        made("tank", **design)


def test_an_unknown_type_is_refused_with_the_nearest() -> None:
    with pytest.raises(EquipmentError, match="no equipment type 'stirred-reacter'; did you mean 'stirred-reactor'"):
        Equipment.of("stirred-reacter", "R-1")


def test_a_jacket_and_a_service_side_are_circuits_of_their_own() -> None:
    circuits = {port.name: port.circuit for port in EQUIPMENT_TYPES["stirred-reactor"].ports}
    assert circuits["jacket_inlet"] == circuits["jacket_outlet"] == "jacket"
    assert circuits["feed"] == circuits["liquid"] == ""


def test_upright_and_lying_tanks_hold_what_geometry_says() -> None:
    upright = made("tank", diameter="2 m", height="5 m")
    assert upright.liquid_volume(Q("300 cm")) == Quantity(9.42477796077, "m3")
    lying = made("lying-tank", diameter="2 m", height="5 m")
    assert lying.liquid_volume(Q("1 m")).value_in("m3") == pytest.approx(3.14159265 * 5 / 2)
    # A quarter of the diameter is 19.55 % of the circle (Perry's table of horizontal tanks).
    assert lying.liquid_volume(Q("0.5 m")).value_in("m3") == pytest.approx(0.19550 * 3.14159265 * 5, rel=1e-4)
    with pytest.raises(EquipmentError, match="can't hold a level of 2.1 m"):
        lying.liquid_volume(Q("2.1 m"))


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_more_level_is_never_less_volume(one: float, other: float) -> None:
    tank: Tank = made("lying-tank", diameter="1 m", height="3 m")
    low, high = (tank.liquid_volume(Quantity(level, "m")).value for level in sorted((one, other)))
    assert low <= high + 1e-12
    assert 0.0 <= low <= 3.0 * 0.7854


def test_residence_time_is_volume_over_flow() -> None:
    assert made("stirred-reactor", volume="2.1 m3").residence_time(Q("4.2 m3/h")) == Q("30 min")
    with pytest.raises(WrongDimensionError):
        made("stirred-reactor", volume="2.1 m3").residence_time(Q("4.2 kg/h"))


def test_an_exchanger_passes_what_the_logarithmic_mean_says() -> None:
    # Incropera, example 11.1: oil 100 to 60 degC, water 30 to 40.2 degC, 38.1 W/(m2 K), 8524 W.
    exchanger: HeatExchanger = made("cooler", surface="5.18 m2", heat_transfer_coefficient="38.1 W/(m2 K)")
    passed = exchanger.heat_flow(Q("100 degC"), Q("60 degC"), Q("30 degC"), Q("40.2 degC"))
    assert passed.value_in("W") == pytest.approx(8524, rel=5e-3)
    with pytest.raises(EquipmentError, match="the temperatures cross"):
        exchanger.heat_flow(Q("100 degC"), Q("60 degC"), Q("70 degC"), Q("90 degC"))


def test_equal_differences_have_that_mean() -> None:
    exchanger: HeatExchanger = made("heater", surface="1 m2", heat_transfer_coefficient="1 W/(m2 K)")
    passed = exchanger.heat_flow(Q("20 degC"), Q("40 degC"), Q("60 degC"), Q("40 degC"))
    assert passed.value_in("W") == pytest.approx(20.0)


def test_a_pump_gives_flow_times_pressure_rise() -> None:
    pump: Pump = made("pump", efficiency="0.75")
    assert Pump.hydraulic_power(Q("100 m3/h"), Q("10 bar")).value_in("kW") == pytest.approx(27.78, abs=0.01)
    assert pump.shaft_power(Q("100 m3/h"), Q("10 bar")).value_in("kW") == pytest.approx(37.04, abs=0.01)


def test_compressor_and_turbine_of_the_ideal_brayton_cycle() -> None:
    # Cold-air standard, ratio 8, 300 K and 1300 K: 7083 J/mol in, 16945 J/mol out.
    compressor: Compressor = made("compressor", efficiency="100 %")
    turbine: Turbine = made("turbine", efficiency="100 %")
    assert compressor.shaft_power(Q("1 mol/s"), Q("300 K"), 8, 1.4).value_in("W") == pytest.approx(7083, rel=1e-3)
    assert turbine.shaft_power(Q("1 mol/s"), Q("1300 K"), 8, 1.4).value_in("W") == pytest.approx(16945, rel=1e-3)
    real: Compressor = made("blower", efficiency="0.8")
    assert real.shaft_power(Q("1 mol/s"), Q("300 K"), 8, 1.4).value_in("W") == pytest.approx(7083 / 0.8, rel=1e-3)


def test_a_valve_passes_kv_at_one_bar_of_water() -> None:
    valve: Valve = made("control-valve", kv="25 m3/h")
    assert valve.liquid_flow(Q("1 bar"), Q("1000 kg/m3")) == Q("25 m3/h")
    assert valve.liquid_flow(Q("4 bar"), Q("1 kg/L"), opening=0.5) == Q("25 m3/h")
    assert valve.liquid_flow(Q("1 bar"), Q("640 kg/m3")).value_in("m3/h") == pytest.approx(31.25)


def test_columns_need_the_stages_of_fenske_and_kremser() -> None:
    assert DistillationColumn.fewest_stages(0.95, 0.05, 2.5) == pytest.approx(6.43, abs=0.01)
    assert Absorber.stages_for(0.05, 1.4) == pytest.approx(5.53, abs=0.01)
    assert Absorber.stages_for(0.05, 1.0) == pytest.approx(19.0)
    assert Absorber.stages_for(0.05, 1.0 + 1e-9) == pytest.approx(19.0, rel=1e-3)
    with pytest.raises(EquipmentError, match=r"an absorption factor of 0.5 can't leave 0.05 in the gas"):
        Absorber.stages_for(0.05, 0.5)


def test_drums_and_decanters_part_by_souders_brown_and_stokes() -> None:
    drum: FlashDrum = made("flash-drum", droplet_factor="0.107 m/s")
    assert drum.greatest_vapour_velocity(Q("2 kg/m3"), Q("700 kg/m3")).value_in("m/s") == pytest.approx(2.0, abs=0.01)
    decanter = cast(Decanter, made("decanter"))
    velocity = decanter.settling_velocity(Q("0.1 mm"), Q("800 kg/m3"), Q("1000 kg/m3"), Q("1 mPa s"))
    assert velocity.value_in("mm/s") == pytest.approx(1.09, abs=0.01)


def test_furnaces_and_boilers_burn_duty_over_efficiency() -> None:
    heater: FiredHeater = made("fired-heater", efficiency="85 %")
    boiler: Boiler = made("boiler", efficiency="0.85")
    for each in (heater, boiler):
        assert each.fuel_needed(Q("10 MW"), Q("50 MJ/kg")).value_in("kg/s") == pytest.approx(0.2353, abs=1e-4)


def test_a_cooling_tower_cools_a_part_of_what_is_possible() -> None:
    assert CoolingTower.effectiveness(Q("40 degC"), Q("30 degC"), Q("25 degC")) == pytest.approx(2 / 3)


@pytest.mark.parametrize("module", ["equipment.equipment", "streams.process_stream"])
def test_the_examples_are_true(module: str) -> None:
    result = doctest.testmod(importlib.import_module(f"twin.atlas.{module}"))
    assert (result.failed, result.attempted > 0) == (0, True)

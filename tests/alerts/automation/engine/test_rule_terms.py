"""The names that rules are written in are those of Sentinel's own library, and all have words."""

from azure.mgmt.securityinsight import models as azure

from alerts.automation.engine import rule_terms as terms
from alerts.automation.web import rule_wording


def values_of(enum):
    return {str(member.value) for member in enum}


def test_the_names_are_those_of_sentinels_own_library():
    prefix = "AutomationRulePropertyConditionSupported"
    assert values_of(getattr(azure, f"{prefix}Property")) == terms.PROPERTIES
    assert values_of(getattr(azure, f"{prefix}Operator")) == terms.OPERATORS
    prefix = "AutomationRulePropertyChangedConditionSupported"
    assert values_of(getattr(azure, f"{prefix}PropertyType")) == terms.CHANGING
    assert values_of(getattr(azure, f"{prefix}ChangedType")) == terms.CHANGES
    prefix = "AutomationRulePropertyArrayConditionSupported"
    assert values_of(getattr(azure, f"{prefix}ArrayType")) == terms.ARRAYS
    assert values_of(getattr(azure, f"{prefix}ArrayConditionType")) == terms.ANY_OR_ALL
    prefix = "AutomationRulePropertyArrayChangedConditionSupported"
    assert values_of(getattr(azure, f"{prefix}ArrayType")) == terms.GROWING
    boolean = azure.AutomationRuleBooleanConditionSupportedOperator
    assert values_of(boolean) == terms.AND_OR
    assert values_of(azure.ActionType) == set(terms.CONFIGURATIONS)


def test_each_name_has_its_words():
    assert set(rule_wording._PROPERTIES) == terms.PROPERTIES
    assert set(rule_wording._OPERATORS) == terms.OPERATORS
    assert set(rule_wording._CHANGING) == terms.CHANGING
    assert set(rule_wording._ARRAYS) == terms.ARRAYS | terms.GROWING
    assert set(rule_wording._CHANGES) == terms.CHANGES | {"Added", "Changed"}

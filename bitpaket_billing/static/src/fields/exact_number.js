import {_t} from "@web/core/l10n/translation";
import {localization} from "@web/core/l10n/localization";
import {insertThousandsSep} from "@web/core/utils/numbers";
import {registry} from "@web/core/registry";
import {FloatField, floatField} from "@web/views/fields/float/float_field";

/**
 * Show a number with all the digits that were entered, and no others.
 *
 * With a fixed number of decimals the web client shows 4e-9 for 0.000000004, and
 * 1,000.000000000001 for 1,000 with twelve decimals.
 */
export class ExactNumberField extends FloatField {
    get formattedValue() {
        if (this.value === false) {
            return "";
        }
        const digits = this.value.toLocaleString("en-US", {
            useGrouping: false,
            maximumSignificantDigits: 15,
        });
        const {decimalPoint, thousandsSep, grouping} = localization;
        const [whole, decimals] = digits.split(".");
        const grouped = insertThousandsSep(whole, thousandsSep, grouping);
        return decimals ? grouped + decimalPoint + decimals : grouped;
    }
}

registry.category("fields").add("bitpaket_exact_number", {
    ...floatField,
    component: ExactNumberField,
    displayName: _t("Exact number"),
});

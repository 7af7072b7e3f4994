import {registry} from "@web/core/registry";

const tours = registry.category("web_tour.tours");
const see = (content, trigger) => ({content, trigger});
const click = (content, trigger) => ({content, trigger, run: "click"});
const edit = (content, trigger, text) => ({content, trigger, run: `edit ${text}`});
const row = (page) => `.o_notebook [name=${page}] .o_selected_row`;

tours.add("bitpaket_billing_make_plan", {
    steps: () => [
        click("A new plan", ".o_list_button_add"),
        edit("Its name", "[name=name] input", "Team"),
        edit("What it is for", "[name=bitpaket_pitch] textarea", "For teams"),
        click(
            "A price",
            "[name=bitpaket_price_ids] .o_field_x2many_list_row_add button, [name=bitpaket_price_ids] .o_field_x2many_list_row_add a",
        ),
        edit("The amount", `${row("bitpaket_price_ids")} [name=amount] input`, "45"),
        click("What it includes", ".o_notebook .nav-link[name=included]"),
        click(
            "An allowance",
            "[name=bitpaket_allowance_ids] .o_field_x2many_list_row_add button, [name=bitpaket_allowance_ids] .o_field_x2many_list_row_add a",
        ),
        edit(
            "Of transfer",
            `${row("bitpaket_allowance_ids")} [name=meter_id] input`,
            "Transfer",
        ),
        click("Take it", ".o-autocomplete--dropdown-item:contains('Transfer')"),
        edit(
            "How much",
            `${row("bitpaket_allowance_ids")} [name=quantity] input`,
            "100",
        ),
        click("Save it", ".o_form_button_save"),
        see(
            "It is saved",
            ".o_form_saved, .o_form_view .o_form_readonly, .breadcrumb-item.active:contains('Team'), .o_breadcrumb .active:contains('Team')",
        ),
    ],
});

const choose = (plan) => [
    click("Change the plan", "button[name=action_change_plan]"),
    click("Choose one", ".modal [name=what] input[data-value=choose]"),
    edit("Look for it", ".modal [name=plan_id] input", plan),
    click("Take it", `.o-autocomplete--dropdown-item:contains('${plan}')`),
    click("What does it mean?", ".modal button[name=action_quote]"),
];

tours.add("bitpaket_billing_change_plan", {
    steps: () => [
        ...choose("Big"),
        see("What starts", ".modal [name=quote]:contains('Start of Big')"),
        see(
            "The sum",
            ".modal [name=quote] tr:contains('Charged now'):contains('60.00')",
        ),
        click("Confirm", ".modal button[name=action_confirm]"),
        see(
            "It is on the plan",
            "body:not(:has(.modal)) [name=plan_id]:contains('Big'), body:not(:has(.modal)) [name=plan_id] input",
        ),
        ...choose("Small"),
        see("Nothing yet", ".modal [name=quote]:contains('Nothing is charged now')"),
        click("Confirm", ".modal button[name=action_confirm]"),
        click("Undo", "body:not(:has(.modal)) button[name=action_undo_plan_change]"),
        see(
            "Nothing is pending",
            ".o_form_view:not(:has(button[name=action_undo_plan_change]))",
        ),
    ],
});

tours.add("bitpaket_billing_enterprise", {
    steps: () => [
        edit("The customer", ".modal [name=partner_id] input", "Okapi"),
        click("Take it", ".o-autocomplete--dropdown-item:contains('Okapi Health')"),
        edit("Its reference", ".modal [name=reference] input", "okapi"),
        edit("A commitment", ".modal [name=commitment] input", "800"),
        edit("The price", ".modal [name=amount] input", "500"),
        click("Make it", ".modal button[name=action_create_account]"),
        see(
            "The account",
            "body:not(:has(.modal)) .o_form_view [name=reference] input",
        ),
        see(
            "It is told",
            ".o-mail-Message:contains('Start of Enterprise Okapi Health')",
        ),
    ],
});

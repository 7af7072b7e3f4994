import {registry} from "@web/core/registry";

// Made by the test: an entry of 12.50, and an account that has no code there yet.
registry.category("web_tour.tours").add("bitpaket_billing_export", {
    steps: () => [
        {
            content: "Begin an export of the month that ended",
            trigger: ".o_list_button_add",
            run: "click",
        },
        {
            content: "The target is chosen",
            trigger: "[name=target_id] input:value('The adviser')",
        },
        {
            content: "Look what would be exported",
            trigger: "button[name=action_check]:contains('Look first')",
            run: "click",
        },
        {
            content: "The totals are shown",
            trigger: "[name=debit]:contains('12.50')",
        },
        {
            content: "Something is to be mended",
            trigger: ".alert-danger:contains('must be mended')",
        },
        {
            content: "Open what is to be mended",
            trigger:
                "[name=problem_ids] .o_data_row:contains('has no code') button[name=action_mend]",
            run: "click",
        },
        {
            content: "Give the account its code",
            trigger: ".modal [name=code] input",
            run: "edit 4930",
        },
        {
            content: "Save it",
            trigger: ".modal .o_form_button_save",
            run: "click",
        },
        {
            content: "Look again",
            trigger:
                "body:not(:has(.modal)) button[name=action_check]:contains('again')",
            run: "click",
        },
        {
            content: "Nothing is in the way",
            trigger: ".alert-success:contains('Nothing keeps')",
        },
        {
            content: "Export",
            trigger: "button[name=action_export]",
            run: "click",
        },
        {
            content: "It is written",
            trigger: ".o_arrow_button_current:contains('Written')",
        },
        {
            content: "Look at the files",
            trigger: ".nav-link[name=files]",
            run: "click",
        },
        {
            content: "There is one, with its hash",
            trigger: "[name=file_ids] .o_data_row:contains('entries.txt')",
        },
        {
            content: "Download it",
            trigger:
                "header button[name=action_download], .o_statusbar_buttons button[name=action_download]",
            run: "click",
        },
        {
            content: "Go back to the exports",
            trigger: ".breadcrumb a, .o_back_button",
            run: "click",
        },
        {
            content: "Find it again, delivered",
            trigger: ".o_data_row:contains('Delivered') [name=target_id]",
            run: "click",
        },
        {
            content: "They need it once more",
            trigger: "button[name=action_supersede]",
            run: "click",
        },
        {
            content: "Say why",
            trigger: ".modal [name=reason] input",
            run: "edit They lost it",
        },
        {
            content: "Prepare the export",
            trigger: ".modal button[name=action_supersede]",
            run: "click",
        },
        {
            content: "It has the number of the first, and R1",
            trigger: ".o_form_view h1 [name=name]:contains('-R1')",
        },
        {
            content: "Export it",
            trigger: "button[name=action_export]",
            run: "click",
        },
        {
            content: "It is written",
            trigger: ".o_arrow_button_current:contains('Written')",
        },
        {
            content: "It says what it supersedes",
            trigger: "[name=supersedes_id]:contains('EXP-')",
        },
    ],
});

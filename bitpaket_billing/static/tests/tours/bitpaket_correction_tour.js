import {registry} from "@web/core/registry";

// Made by the test: a statement of 29.00, of which storage is 11.50.
registry.category("web_tour.tours").add("bitpaket_billing_correction", {
    steps: () => [
        {
            content: "Open the statement",
            trigger: ".o_data_row:contains('29.00') .o_data_cell[name=account_id]",
            run: "click",
        },
        {
            content: "Credit something of it",
            trigger: "button[name=action_correct]",
            run: "click",
        },
        {
            content: "Choose single lines",
            trigger: ".modal [name=scope] .o_radio_item:contains('Chosen lines') input",
            run: "click",
        },
        {
            content: "Take the storage",
            trigger: ".modal .o_data_row:contains('Storage') [name=chosen] input",
            run: "click",
        },
        {
            content: "It comes to all of it",
            trigger: ".modal [name=amount_credit]:contains('11.50')",
        },
        {
            content: "Say why",
            trigger: ".modal [name=reason] input",
            run: "edit Counted twice",
        },
        {
            content: "Bill it again at once",
            trigger: ".modal [name=rebill] .o_radio_item:contains('again now') input",
            run: "click",
        },
        {
            content: "See what comes of it",
            trigger: ".modal [name=preview] tr:contains('Storage'):contains('11.50')",
        },
        {
            content: "It comes to nothing together",
            trigger: ".modal [name=amount_difference]:contains('0.00')",
        },
        {
            content: "Confirm",
            trigger: ".modal button[name=action_apply]",
            run: "click",
        },
        {
            content: "Both documents are shown",
            trigger:
                ".o_list_view .o_data_row:contains('RUSAGE') ~ .o_data_row, .o_list_view .o_data_row + .o_data_row:contains('RUSAGE')",
        },
        {
            content: "Go back to the statement",
            trigger: ".breadcrumb a:contains('October 2026'), .o_back_button",
            run: "click",
        },
        {
            content: "Open its corrections",
            trigger: ".nav-link:contains('Corrections')",
            run: "click",
        },
        {
            content: "The credit note is there, with its reason",
            trigger: "[name=document_ids] .o_data_row:contains('Counted twice')",
        },
        {
            content: "The chatter tells of both",
            trigger: ".o-mail-Message:contains('Billed again')",
        },
        {
            content: "Open the credit note from the chatter",
            trigger:
                ".o-mail-Message:contains('Credited') a[data-oe-model='account.move']",
            run: "click",
        },
        {
            content: "It leads back to the statement",
            trigger: ".nav-link[name=bitpaket_usage]",
            run: "click",
        },
        {
            content: "The statement is named",
            trigger: "[name=bitpaket_statement_id]:contains('October 2026')",
        },
    ],
});

import {registry} from "@web/core/registry";

const tours = registry.category("web_tour.tours");

function see(content, trigger) {
    return {content, trigger};
}

function go(content, trigger) {
    return {content, trigger, run: "click", expectUnloadPage: true};
}

function assert(content, check) {
    return {
        content,
        trigger: "body",
        async run() {
            if (!(await check())) {
                throw new Error(`Not so: ${content}`);
            }
        },
    };
}

// The tests make these accounts, invoices and amounts: tests/tours.

tours.add("bitpaket_billing_before_payment", {
    url: "/my",
    steps: () => [
        go("Open the billing page", "a[href='/my/billing']:contains('Billing')"),
        see("What is owed", "[name=owed]:contains('29.00')"),
        see("What was used so far", "[name=running]:contains('11.89')"),
        see("Requests", "[name=usage] tr:contains('812,345'):contains('4.06')"),
        see("What is free", "[name=usage] tr:contains('100 GiB'):contains('Free')"),
        see("Transfer", "[name=usage] tr:contains('87 GiB'):contains('7.83')"),
        see("The total", "[name=usage] tfoot:contains('11.89')"),
        assert("The invoice can be downloaded", async () => {
            const link = document.querySelector("[name=invoices] a[href*='pdf']");
            const response = await fetch(link.href);
            return (
                response.ok &&
                response.headers.get("Content-Type") === "application/pdf"
            );
        }),
        assert(
            "No payment is listed",
            () => !document.querySelector("[name=payments]"),
        ),
        go(
            "Open the invoice",
            "[name=invoices] tr:contains('29.00') a:contains('USAGE')",
        ),
        see("The invoice", ".breadcrumb-item.active:contains('USAGE')"),
        see("It can be paid", "a[data-bs-target='#pay_with']:contains('Pay Now')"),
    ],
});

tours.add("bitpaket_billing_after_payment", {
    url: "/my/billing",
    steps: () => [
        see("Nothing is owed", "[name=owed]:contains('Everything is paid')"),
        see(
            "The invoice is paid",
            "[name=invoices] tr:contains('29.00'):contains('Paid')",
        ),
        see(
            "The payment is listed",
            "[name=payments] tr:contains('29.00'):contains('Received')",
        ),
        see(
            "It has its receipt",
            "[name=payments] tr:contains('29.00') a[href^='http']:contains('Receipt')",
        ),
        assert(
            "No other payment is asked for",
            () => !document.querySelector("a[href*='payment=True']"),
        ),
        go(
            "Open the invoice",
            "[name=invoices] tr:contains('29.00') a:contains('USAGE')",
        ),
        see("It is paid", "[name=invoice_paid_badge]:contains('Paid')"),
    ],
});

// Starts at the address of the first customer's account.
tours.add("bitpaket_billing_stranger", {
    steps: () => [
        assert("Guessing leads home", () => window.location.pathname === "/my"),
        go("Open the billing page", "a[href='/my/billing']:contains('Billing')"),
        see("Nothing is owed", "[name=owed]:contains('Everything is paid')"),
        assert(
            "Nothing of the first customer is here",
            () =>
                !["USAGE", "29.00", "11.89", "acme", "Acme"].some((text) =>
                    document.body.textContent.includes(text),
                ),
        ),
    ],
});

import {
    AlertDialog,
    ConfirmationDialog,
} from "@web/core/confirmation_dialog/confirmation_dialog";
import {Interaction} from "@web/public/interaction";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {rpc} from "@web/core/network/rpc";

/** How long the customer waits for FastSpring's library before being sent there. */
const LIBRARY_TIMEOUT = 10000;
/** FastSpring's library calls a function by its name on the window. */
const CLOSED = "bitpaketCheckoutClosed";

/**
 * Open FastSpring's checkout over the billing page.
 *
 * The forms that lead to the checkout work by themselves. This takes over only those of
 * a popup checkout, and gives way again whenever something keeps it from opening.
 */
export class BillingCheckout extends Interaction {
    static selector = ".o_bitpaket_billing[data-account]";
    dynamicContent = {
        _root: {"t-on-submit": this.onSubmit},
        _window: {"t-on-pageshow": () => (this.busy = false)},
    };

    setup() {
        this.busy = false;
        this.session = null;
        window[CLOSED] = (order) => this.onClosed(order);
        this.registerCleanup(() => delete window[CLOSED]);
    }

    /** Pay once, however often the button is clicked. */
    async onSubmit(ev) {
        const form = ev.target.closest("form[data-checkout]");
        if (!form) {
            return;
        }
        if (this.busy) {
            ev.preventDefault();
            return;
        }
        this.busy = true;
        if (form.dataset.checkout !== "popup") {
            // The browser leaves now, unless somebody stops it.
            this.waitForTimeout(() => (this.busy = false), LIBRARY_TIMEOUT);
            return;
        }
        ev.preventDefault();
        try {
            await this.pay(form, false);
        } catch {
            // What went wrong here need not go wrong there, and is explained there.
            this.giveWay(form);
        }
    }

    giveWay(form) {
        if (!form.isConnected) {
            form.hidden = true;
            document.body.append(form);
        }
        form.submit();
    }

    async pay(form, again) {
        const answer = await this.waitFor(
            rpc(this.route("checkout"), {
                invoice_id: Number(form.dataset.invoice) || null,
                again,
            }),
        );
        if (answer.ask) {
            this.ask(answer, form);
        } else if (answer.error) {
            this.tell(answer);
        } else {
            await this.open(answer);
        }
    }

    ask(answer, form) {
        this.busy = false;
        this.services.dialog.add(ConfirmationDialog, {
            title: answer.title,
            body: answer.ask,
            confirmLabel: _t("I have not paid: pay now"),
            confirmClass: "btn-light",
            confirm: () => {
                this.busy = true;
                this.pay(form, true).catch(() => this.giveWay(form));
            },
            cancelLabel: _t("Wait for it"),
            cancel: () => this.env.bus.trigger("bitpaket-billing-changed"),
        });
    }

    tell(answer) {
        this.busy = false;
        this.services.dialog.add(AlertDialog, {
            title: answer.title,
            body: answer.error,
            confirm: () => this.env.bus.trigger("bitpaket-billing-changed"),
        });
    }

    async open({session, popup, url}) {
        this.session = session;
        try {
            if (!popup) {
                throw new Error("not a popup");
            }
            const builder = await this.waitFor(this.loadLibrary(popup));
            builder.checkout(session);
        } catch {
            await this.report("sent");
            window.location = url;
        }
    }

    /** Load FastSpring's library once; it reads its options from its own element. */
    loadLibrary({script, storefront}) {
        this.library ??= new Promise((resolve, reject) => {
            const element = document.createElement("script");
            element.id = "fsc-api";
            element.src = script;
            element.dataset.storefront = storefront;
            element.dataset.popupClosed = CLOSED;
            const fail = () => {
                element.remove();
                this.library = undefined;
                reject(new Error("FastSpring's library did not load"));
            };
            const timer = setTimeout(fail, LIBRARY_TIMEOUT);
            element.onerror = () => {
                clearTimeout(timer);
                fail();
            };
            element.onload = () => {
                clearTimeout(timer);
                const builder = window.fastspring?.builder;
                if (builder?.checkout) {
                    resolve(builder);
                } else {
                    fail();
                }
            };
            document.head.append(element);
        });
        return this.library;
    }

    /**
     * @param {{id: string?, reference: string?}?} order empty when nothing was ordered
     */
    async onClosed(order) {
        this.busy = false;
        const finished = Boolean(order?.id || order?.reference);
        await this.report(finished ? "finished" : "left");
        this.env.bus.trigger("bitpaket-billing-changed", {finished});
    }

    async report(outcome) {
        try {
            await rpc(this.route("checkout/outcome"), {session: this.session, outcome});
        } catch {
            // It is a courtesy: the webhook tells what counts.
        }
    }

    route(name) {
        return `/my/billing/${this.el.dataset.account}/${name}`;
    }
}

registry
    .category("public.interactions")
    .add("bitpaket_billing.billing_checkout", BillingCheckout);

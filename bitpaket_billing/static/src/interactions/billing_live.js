import {Interaction} from "@web/public/interaction";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {rpc} from "@web/core/network/rpc";

const LOGGED_OUT = "odoo.http.SessionExpiredException";
const FIRST_DELAY = 2000;
const LONGEST_DELAY = 30000;
const GROWTH = 1.5;

/**
 * Keep the billing page true while a payment is on its way.
 *
 * Asks a small route, ever less often, and takes the changed parts of the page over from
 * the page itself. Asks nothing while nobody looks, and stops when nothing is awaited.
 */
export class BillingLive extends Interaction {
    static selector = ".o_bitpaket_billing[data-account]";
    dynamicContent = {
        _document: {"t-on-visibilitychange": this.onVisible},
    };

    setup() {
        this.state = null;
        this.delay = FIRST_DELAY;
        this.timer = null;
    }

    start() {
        this.addListener(this.env.bus, "bitpaket-billing-changed", ({detail}) =>
            this.onChanged(detail || {}),
        );
        if (this.el.dataset.awaiting) {
            this.look();
        }
    }

    destroy() {
        clearTimeout(this.timer);
    }

    onVisible() {
        if (document.visibilityState === "visible" && this.el.dataset.awaiting) {
            this.delay = FIRST_DELAY;
            this.look();
        }
    }

    async onChanged({finished}) {
        this.delay = FIRST_DELAY;
        try {
            await this.refresh();
        } catch {
            this.el.dataset.awaiting = "1"; // Who knows: look, and try again.
        }
        if (this.el.dataset.awaiting) {
            this.look();
        }
        if (finished) {
            this.el
                .querySelector("[name='just_paid']")
                ?.scrollIntoView({block: "center", behavior: "smooth"});
        }
    }

    /** Ask once, and plan to ask again. */
    async look() {
        clearTimeout(this.timer);
        let waiting = true;
        try {
            waiting = await this.check();
        } catch (error) {
            if (error.exceptionName === LOGGED_OUT) {
                return; // The page must be opened anew.
            }
            // The server is out of reach for a moment.
        }
        if (waiting && document.visibilityState === "visible") {
            this.timer = this.waitForTimeout(() => this.look(), this.delay);
            this.delay = Math.min(this.delay * GROWTH, LONGEST_DELAY);
        }
    }

    /** @returns {Promise<Boolean>} whether the page may change soon */
    async check() {
        const state = await this.waitFor(
            rpc(`/my/billing/${this.el.dataset.account}/state`, {}, {silent: true}),
        );
        if (state.mark !== this.el.dataset.mark) {
            await this.refresh();
            this.delay = FIRST_DELAY;
        }
        const before = this.state;
        this.state = state;
        if (before && state.received > before.received) {
            this.services.notification.add(_t("Your payment has arrived. Thank you."), {
                type: "success",
            });
        }
        return state.waiting;
    }

    /**
     * Take the parts of the page that payments change from the page as it is now.
     *
     * @throws {Error} when there is no such page to be had
     */
    async refresh() {
        const response = await this.waitFor(fetch(window.location.href));
        const text = await this.waitFor(response.text());
        const fresh = new DOMParser()
            .parseFromString(text, "text/html")
            .querySelector(this.constructor.selector);
        if (!response.ok || !fresh) {
            throw new Error(`the page does not show any more: ${response.status}`);
        }
        const interactions = this.services["public.interactions"];
        for (const old of this.el.querySelectorAll("[data-live]")) {
            const part = fresh.querySelector(`[data-live="${old.dataset.live}"]`);
            if (part && part.innerHTML !== old.innerHTML) {
                for (const child of old.children) {
                    interactions.stopInteractions(child);
                }
                old.replaceChildren(...document.adoptNode(part).childNodes);
                for (const child of old.children) {
                    interactions.startInteractions(child);
                }
            }
        }
        this.el.dataset.mark = fresh.dataset.mark;
        if (fresh.dataset.awaiting) {
            this.el.dataset.awaiting = fresh.dataset.awaiting;
        } else {
            delete this.el.dataset.awaiting;
        }
    }
}

registry
    .category("public.interactions")
    .add("bitpaket_billing.billing_live", BillingLive);

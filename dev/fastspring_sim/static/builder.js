/* A stand-in for FastSpring's Store Builder Library: popup checkouts of sessions.
 *
 * <script id="fsc-api" src=".../fastspring-builder.min.js"
 *     data-storefront="HOST/STORE/popup-NAME" data-popup-closed="functionName">
 *
 * fastspring.builder.checkout(sessionId) or .push({checkout: sessionId}) opens the
 * checkout; when it closes, the named function gets {id, reference}, which are null
 * when no order was made.
 */
(function () {
    "use strict";

    const script = document.currentScript || document.getElementById("fsc-api");
    const options = script.dataset;
    let overlay = null;
    let order = null;

    function storefront() {
        const address = options.storefront.replace(/^https?:\/\//, "");
        return new URL(script.src).protocol + "//" + address.replace(/\/$/, "");
    }

    function open(session) {
        close();
        order = {id: null, reference: null};
        overlay = document.createElement("div");
        overlay.id = "fsc-popup";
        overlay.style.cssText =
            "position:fixed;inset:0;z-index:2147483000;background:rgba(15,23,42,.62);" +
            "display:flex;align-items:center;justify-content:center;padding:16px";
        const frame = document.createElement("iframe");
        frame.id = "fsc-popup-frame";
        frame.title = "Secure checkout";
        frame.allow = "payment";
        frame.src = storefront() + "/session/" + encodeURIComponent(session);
        frame.style.cssText =
            "width:100%;max-width:460px;height:100%;max-height:720px;border:0;" +
            "border-radius:14px;background:#fff;box-shadow:0 24px 64px rgba(0,0,0,.35)";
        const button = document.createElement("button");
        button.id = "fsc-popup-close";
        button.type = "button";
        button.setAttribute("aria-label", "Close the checkout");
        button.textContent = "\u00d7";
        button.style.cssText =
            "position:absolute;top:12px;right:16px;width:40px;height:40px;border:0;" +
            "border-radius:50%;background:rgba(255,255,255,.92);color:#0f172a;" +
            "font:24px/1 system-ui,sans-serif;cursor:pointer";
        button.addEventListener("click", close);
        overlay.append(frame, button);
        document.body.append(overlay);
        frame.focus();
    }

    function close() {
        if (!overlay) {
            return;
        }
        overlay.remove();
        overlay = null;
        const callback = window[options.popupClosed];
        if (typeof callback === "function") {
            callback(order);
        }
    }

    window.addEventListener("message", function (event) {
        const frame = overlay && overlay.querySelector("iframe");
        const message = event.data || {};
        if (!frame || event.source !== frame.contentWindow) {
            return;
        }
        if (message.fastspring === "completed") {
            order = {id: message.id, reference: message.reference};
        } else if (message.fastspring === "close") {
            close();
        }
    });

    document.addEventListener("keydown", function (event) {
        if (event.key === "Escape") {
            close();
        }
    });

    window.fastspring = {
        builder: {
            checkout: open,
            push: function (data) {
                if (data && data.checkout) {
                    open(data.checkout);
                }
            },
            reset: function () {
                order = {id: null, reference: null};
            },
        },
    };
})();

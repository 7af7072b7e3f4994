import {Component, onMounted, onWillUnmount, xml} from "@odoo/owl";
import {browser} from "@web/core/browser/browser";
import {registry} from "@web/core/registry";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";

const INTERVAL = 2000;

/**
 * Re-reads the record of a form every two seconds, for as long as the widget is shown:
 *
 *     <widget name="bitpaket_live" invisible="state != 'running'" />
 */
class Live extends Component {
    static template = xml`<t/>`;
    static props = {...standardWidgetProps};

    setup() {
        onMounted(() => this.wait());
        onWillUnmount(() => {
            this.over = true;
            browser.clearTimeout(this.timer);
        });
    }

    wait() {
        this.timer = browser.setTimeout(() => this.look(), INTERVAL);
    }

    async look() {
        const {record} = this.props;
        try {
            // What somebody is typing stays.
            if (!document.hidden && record.resId && !(await record.isDirty())) {
                await record.load();
            }
        } finally {
            if (!this.over) {
                this.wait();
            }
        }
    }
}

registry.category("view_widgets").add("bitpaket_live", {component: Live});

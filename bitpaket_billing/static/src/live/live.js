import {Component, onMounted, onWillUnmount, xml} from "@odoo/owl";
import {registry} from "@web/core/registry";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";

const MILLISECONDS = 2000;

/** Reads the record of a form again and again, as long as it stands in the form. */
export class BitpaketLive extends Component {
    static template = xml`<span class="d-none" />`;
    static props = {...standardWidgetProps};

    setup() {
        onMounted(() => this.wait());
        onWillUnmount(() => clearTimeout(this.timer));
    }

    wait() {
        this.timer = setTimeout(() => this.read(), MILLISECONDS);
    }

    async read() {
        const {record} = this.props;
        try {
            if (!document.hidden && record.resId && !(await record.isDirty())) {
                await record.load();
            }
        } finally {
            this.wait();
        }
    }
}

registry.category("view_widgets").add("bitpaket_live", {component: BitpaketLive});

import { Router } from "@solidjs/router";
import { render } from "solid-js/web";
import "~/styles/tokens.css";
import "~/styles/base.css";
import { begin } from "~/state/session";
import { ROUTES } from "./routes";
import { Shell } from "./shell";

const started = begin();
render(() => <Router base="/ui" root={(props) => <Shell started={started}>{props.children}</Shell>}>{ROUTES}</Router>, document.getElementById("root")!);

// SPDX-License-Identifier: Apache-2.0
// A Zigbee radio made of software, for `node --require`: in place of herdsman's serial adapters stands one whose devices
// are kept in $RADIO_FOLDER/devices.json. All else of Zigbee2MQTT is real. It hears commands on stdin, a JSON line each:
//   {"device": ADDRESS, "off": true}                     it has lost its power: nothing sent to it arrives
//   {"device": ADDRESS, "idle": true}                    it acknowledges commands and does nothing
//   {"device": ADDRESS, "stepMs": 300}                   a motor's speed: so long for each tenth of its way
//   {"device": ADDRESS, "quiet": true}                   it answers, and reports nothing by itself
//   {"device": ADDRESS, "mute": true}                    it acknowledges commands, and answers no question
//   {"device": ADDRESS, "delayMs": 100}                  so long each frame to it and its answer take together
//   {"device": ADDRESS, "cluster": …, "report": {…}}     it reports attributes, as after somebody touched it
//   {"device": ADDRESS, "tuya": {"dp": 1, …}}            it reports as Tuya's devices do
//   {"device": ADDRESS, "alarm": 1}                      a sensor's zone status
// and writes each frame that a device was sent to $RADIO_FOLDER/frames.jsonl.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const readline = require("node:readline");
const {createRequire} = require("node:module");

const installed = createRequire(path.join(process.env.ZIGBEE2MQTT, "index.js"));
const {Adapter} = installed("zigbee-herdsman/dist/adapter/adapter.js");
const Zcl = installed("zigbee-herdsman/dist/zspec/zcl");
const folder = process.env.RADIO_FOLDER;
const SUCCESS = 0;
const UNSUPPORTED_ATTRIBUTE = 0x86;
const STEP_PERCENT = 10;
const STEP_MS = 50;
const REPORT_AFTER_MS = 10;

// Availability is counted in minutes, and nobody waits so long for a test: here a minute takes a second.
installed("./dist/util/utils.js").default.minutes = (count) => count * 1000;

// What a command of a cluster does to the attributes of the cluster; what is not here does nothing.
const EFFECTS = {
    genOnOff: {
        on: () => ({onOff: 1}),
        off: () => ({onOff: 0}),
        toggle: (_, now) => ({onOff: 1 - now.onOff}),
    },
    genLevelCtrl: {
        moveToLevel: (sent) => ({currentLevel: sent.level}),
        moveToLevelWithOnOff: (sent) => ({currentLevel: sent.level}),
    },
    lightingColorCtrl: {
        moveToColor: (sent) => ({currentX: sent.colorx, currentY: sent.colory, colorMode: 1}),
        moveToColorTemp: (sent) => ({colorTemperature: sent.colortemp, colorMode: 2}),
    },
};

class Radio extends Adapter {
    constructor(...options) {
        super(...options);
        this.devices = JSON.parse(fs.readFileSync(path.join(folder, "devices.json"), "utf8"));
        this.sequence = 0;
        this.moving = new Map();
    }

    async start() {
        const lines = readline.createInterface({input: process.stdin});
        lines.on("line", (line) => this.told(JSON.parse(line)));
        return "restored"; // "resumed" would have the channel compared, and "reset" the devices forgotten
    }

    async stop() {
        for (const timer of this.moving.values()) clearInterval(timer);
        process.stdin.destroy();
    }

    told({device: address, cluster, report, alarm, tuya, ...traits}) {
        const device = this.devices.find((known) => known.ieee === address);
        Object.assign(device, traits);
        if (report !== undefined) this.change(device, cluster, report);
        if (alarm !== undefined) {
            const sent = {zonestatus: alarm, extendedstatus: 0, zoneID: 1, delay: 0};
            const from = Zcl.Direction.SERVER_TO_CLIENT;
            const name = "statusChangeNotification";
            this.hear(device, Zcl.Frame.create(1, from, true, undefined, this.next(), name, "ssIasZone", sent, {}));
        }
        if (tuya !== undefined) {
            const sent = {seq: this.next(), dpValues: [{...tuya, data: Buffer.from(tuya.data)}]};
            const from = Zcl.Direction.SERVER_TO_CLIENT;
            this.hear(device, Zcl.Frame.create(1, from, true, undefined, this.next(), "dataReport", 61184, sent, {}));
        }
        this.keep();
        fs.appendFileSync(path.join(folder, "told"), "."); // one more has taken effect
    }

    keep() {
        const file = path.join(folder, "devices.json");
        fs.writeFileSync(`${file}.new`, JSON.stringify(this.devices));
        fs.renameSync(`${file}.new`, file);
    }

    next() {
        this.sequence = (this.sequence + 1) % 256;
        return this.sequence;
    }

    // A frame of a device, as it comes out of the radio.
    hear(device, frame) {
        const data = frame.toBuffer();
        const payload = {
            clusterID: frame.cluster.ID,
            address: device.nwk,
            header: Zcl.Header.fromBuffer(data),
            data,
            endpoint: 1,
            linkquality: 100,
            groupID: 0,
            wasBroadcast: false,
            destinationEndpoint: 1,
        };
        this.emit("zclPayload", payload);
        return payload;
    }

    answer(device, frame, name, payload) {
        const {transactionSequenceNumber, manufacturerCode} = frame.header;
        const from = Zcl.Direction.SERVER_TO_CLIENT;
        const {ID} = frame.cluster;
        return this.hear(
            device,
            Zcl.Frame.create(0, from, true, manufacturerCode, transactionSequenceNumber, name, ID, payload, {}),
        );
    }

    // New values of a device's attributes, and its report of them: only what is new is told.
    change(device, cluster, values) {
        const now = (device.attributes[cluster] ??= {});
        const told = Object.entries(values).filter(([name, value]) => now[name] !== value);
        Object.assign(now, values);
        this.keep();
        if (told.length === 0 || device.quiet) return;
        const known = Zcl.Clusters[cluster];
        const records = told.map(([name, value]) => {
            const {ID, type} = known.attributes[name];
            return {attrId: ID, dataType: type, attrData: value};
        });
        const frame = Zcl.Frame.create(
            0, Zcl.Direction.SERVER_TO_CLIENT, true, undefined, this.next(), "report", known.ID, records, {},
        );
        setTimeout(() => device.off || this.hear(device, frame), REPORT_AFTER_MS);
    }

    // A motor takes its time, and tells where it is on the way.
    move(device, wanted) {
        clearInterval(this.moving.get(device.ieee));
        const timer = setInterval(() => {
            const at = device.attributes.closuresWindowCovering.currentPositionLiftPercentage;
            const step = Math.max(-STEP_PERCENT, Math.min(STEP_PERCENT, wanted - at));
            if (step === 0) return clearInterval(timer);
            this.change(device, "closuresWindowCovering", {currentPositionLiftPercentage: at + step});
        }, device.stepMs ?? STEP_MS);
        this.moving.set(device.ieee, timer);
    }

    obey(device, frame) {
        if (device.idle) return undefined;
        const {cluster, command, payload} = frame;
        if (cluster.name === "closuresWindowCovering") {
            const at = device.attributes.closuresWindowCovering.currentPositionLiftPercentage;
            const wanted = {upOpen: 0, downClose: 100, stop: at, goToLiftPercentage: payload.percentageliftvalue};
            return this.move(device, wanted[command.name]);
        }
        const effect = EFFECTS[cluster.name]?.[command.name];
        if (!effect) return;
        this.change(device, cluster.name, effect(payload, device.attributes[cluster.name]));
        if (command.name === "moveToLevelWithOnOff") this.change(device, "genOnOff", {onOff: payload.level > 0 ? 1 : 0});
    }

    log(to, frame) {
        const line = {to, cluster: frame.cluster.name, command: frame.command.name, payload: frame.payload};
        fs.appendFileSync(path.join(folder, "frames.jsonl"), `${JSON.stringify(line)}\n`);
    }

    async sendZclFrameToEndpoint(ieee, _network, _endpoint, frame) {
        const device = this.devices.find((known) => known.ieee === ieee);
        this.log(ieee, frame);
        if (!device || device.off) throw new Error("no route to the device");
        await new Promise((passed) => setTimeout(passed, device.delayMs ?? 0));
        const {header, cluster, command, payload} = frame;
        if (header.isSpecific) {
            this.obey(device, frame);
            return this.answer(device, frame, "defaultRsp", {cmdId: command.ID, statusCode: SUCCESS});
        }
        if (command.name === "read") {
            if (device.mute) throw new Error("no answer");
            const known = device.attributes[cluster.name] ?? {};
            const records = payload.map(({attrId}) => {
                const found = Object.values(cluster.attributes).find((attribute) => attribute.ID === attrId);
                const value = found && known[found.name];
                if (value === undefined) return {attrId, status: UNSUPPORTED_ATTRIBUTE};
                return {attrId, status: SUCCESS, dataType: found.type, attrData: value};
            });
            return this.answer(device, frame, "readRsp", records);
        }
        const responses = {write: "writeRsp", writeUndiv: "writeRsp", configReport: "configReportRsp"};
        if (command.name in responses) return this.answer(device, frame, responses[command.name], [{status: SUCCESS}]);
        return undefined;
    }

    // To a group nothing is answered: who hears it obeys.
    async sendZclFrameToGroup(group, frame) {
        this.log(group, frame);
        for (const device of this.devices) if (device.groups.includes(group) && !device.off) this.obey(device, frame);
    }

    async sendZclFrameToAll() {}

    async sendZdo() {
        return [SUCCESS, undefined]; // bound, or whatever else was asked for
    }

    waitFor() {
        return {promise: new Promise(() => {}), cancel: () => {}};
    }

    async getCoordinatorIEEE() {
        return "0x00124b0000000000";
    }

    async getCoordinatorVersion() {
        return {type: "software", meta: {revision: 1}};
    }

    async getNetworkParameters() {
        return {panID: 0x1a62, extendedPanID: "0xdddddddddddddddd", channel: 11, nwkUpdateID: 0};
    }

    async supportsBackup() {
        return false;
    }

    async permitJoin() {}
    async reset() {}
}

Adapter.create = async (...options) => new Radio(...options);

#!/usr/bin/env node
import './check-node-version.js'

void import('../dist/gatewayctl.mjs')

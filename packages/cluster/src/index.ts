export { notifyFluxReceiver, type FluxReceiver, type NotifyOptions } from './flux-receiver.ts'

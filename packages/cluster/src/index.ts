export { notifyFluxReceiver, type FluxReceiver } from './flux-receiver.ts'

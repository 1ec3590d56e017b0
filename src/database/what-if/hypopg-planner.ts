// The WhatIfPlanner that plans on the user's server with the extension HypoPG.
import { DatabaseFailure } from '../../analysis/connection/connection-failure';
import type { UsePlanner } from './use-planner';

export const useHypopg: UsePlanner = () =>
  Promise.reject(new DatabaseFailure('configuration', 'HypoPG is not used yet.', ''));

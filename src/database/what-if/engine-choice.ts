// By what index advice is to be made, as users choose it. Apart from the engines, which are loaded when they are needed.
export const engineChoices = ['auto', 'sandbox', 'hypopg', 'statistics'] as const;
export type EngineChoice = (typeof engineChoices)[number];

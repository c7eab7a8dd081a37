/** Icons of the knowledge, for `addIcons`. */

export const icons = {
  answer: "M4 5h16v11H9l-5 4zM9 10.5l2 2 4-4",
  knowledge:
    "M12 7c-2-2-5-2-8-2v13c3 0 6 0 8 2 2-2 5-2 8-2V5c-3 0-6 0-8 2zM12 7v13",
  upload: "M12 16V5M7 9l5-5 5 5M5 20h14",
  replace: "M4 12a8 8 0 0 1 14-5l2 2M20 4v5h-5M20 12a8 8 0 0 1-14 5l-2-2M4 20v-5h5",
};
